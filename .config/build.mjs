// Bundles what is published: the command line in lazily loaded chunks, the public modules, and the container's one file.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { notices } from "./notices.mjs";

// Beside the old one until it is whole: a running test never finds half a build.
const out = `dist.${process.pid}.tmp`;
const { name: packageName, version, license } = JSON.parse(readFileSync("package.json", "utf8"));

// Bundled CommonJS packages ask for these; in a module they have to be made.
const COMMONJS = [
  'import{createRequire as __createRequire}from"node:module";',
  'import{fileURLToPath as __fileURLToPath}from"node:url";',
  "const require=__createRequire(import.meta.url),__filename=__fileURLToPath(import.meta.url);",
  'const __dirname=__fileURLToPath(new URL(".",import.meta.url));',
].join("");

/**
 * Keeps the heap of a process that runs for days small: its young part stays as it is at the start, and the libraries do not let
 * the old part grow while they load (docs/speed.md). It stands before the modules, and so it holds for the command line and for
 * the containers.
 */
const SMALL_HEAP =
  'import{setFlagsFromString as __setFlags}from"node:v8";__setFlags("--semi-space-growth-factor=1 --optimize-for-size");';

/** What dockerode loads at its start without need: half of its time and of its size. It has a gRPC server for BuildKit. */
const DOCKERODE = {
  "@grpc/grpc-js": "./.config/empty.cjs",
  "@grpc/proto-loader": "./.config/empty.cjs",
  protobufjs: "./.config/empty.cjs",
  ssh2: "./.config/lazy-ssh2.cjs",
};

const common = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  minify: true,
  legalComments: "none",
  outdir: out,
  outExtension: { ".js": ".mjs" },
  // Optional native extras of ssh2 and pg, which do without them.
  external: ["cpu-features", "pg-native", "*.node"],
  define: { VERSION: JSON.stringify(version) },
  metafile: true,
  logLevel: "warning",
};

async function bundle(name, options) {
  const { metafile } = await build({ ...common, ...options });
  writeFileSync(`${out}/${name}.meta.json`, JSON.stringify(metafile).replaceAll(`${out}/`, "dist/"));
  return metafile;
}

/** Only to the chunks that use them: a start reads dozens, and each `createRequire` costs it. */
function giveCommonJs(others) {
  for (const name of readdirSync(out)) {
    if (!name.endsWith(".mjs") || others.includes(name)) continue;
    const text = readFileSync(`${out}/${name}`, "utf8");
    if (!/\b(?:require|__filename|__dirname)\b/.test(text)) continue;
    const [, hashbang = "", code] = /^(#![^\n]*\n)?(.*)$/s.exec(text);
    writeFileSync(`${out}/${name}`, hashbang + COMMONJS + code);
  }
}

/**
 * Bundles a program as one file that names its origin and carries its licences. `init` copies most of them into a user's
 * folder: those are not minified, so that they can be read where they are reviewed.
 */
async function program(name, entry, banner = "", options = {}) {
  const { minify = false } = options;
  const origin = `// ${name} of ${packageName} ${version}
// Licence: ${license}; those of the packages in it are at the end of this file.
// Source: ${entry} and what it imports, bundled into one file${minify ? "" : " and not minified"}. Generated: do not edit.
`;
  const metafile = await bundle(name, {
    entryPoints: { [name]: entry },
    banner: { js: origin + banner },
    ...options,
    minify,
  });
  const text = notices([metafile])
    .replaceAll("*/", "* /")
    // A source in ASCII takes half the memory while its program runs.
    .replace(/[^\0-\x7f]/g, (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`);
  writeFileSync(`${out}/${name}.mjs`, `\n/*! Third-party software in this file:\n\n${text}*/\n`, { flag: "a" });
  return metafile;
}

/** Writes the JSON Schema of the declaration, for editors. */
async function jsonSchema() {
  const stdin = {
    contents: 'export { declarationJsonSchema } from "./src/config/json-schema.ts";',
    resolveDir: ".",
    loader: "ts",
  };
  const { outputFiles } = await build({ ...common, stdin, metafile: false, write: false });
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`;
  const { declarationJsonSchema } = await import(url);
  writeFileSync(`${out}/glitchtip.schema.json`, `${JSON.stringify(declarationJsonSchema())}\n`);
}

mkdirSync(out);
await jsonSchema();
const programs = [
  await program("provisioner", "src/provisioner/main.ts"),
  await program("backup", "src/backup/service/main.ts", COMMONJS),
  await program("care", "src/care/service/main.ts", COMMONJS),
  await program("serve", "src/service/main.ts", SMALL_HEAP + COMMONJS, { alias: DOCKERODE, minify: true }),
];
const cli = await bundle("cli", {
  entryPoints: {
    cli: "src/cli/main.ts",
    "option-table": "src/cli/completion/option-table.ts",
    index: "src/index.ts",
    emulator: "src/emulator/index.ts",
  },
  splitting: true,
  alias: { ...DOCKERODE, "string-width": "./.config/lazy-string-width.cjs" },
});
giveCommonJs(["provisioner.mjs", "backup.mjs", "care.mjs", "serve.mjs"]);
// What completion answers from, so that no key press loads a command.
const { optionTable } = await import(new URL(`../${out}/option-table.mjs`, import.meta.url));
writeFileSync(`${out}/completion.json`, JSON.stringify(await optionTable()));
rmSync(`${out}/option-table.mjs`);
const preamble = `Third-party software in the bundles of ${packageName} ${version}, with its licences.\n\n`;
writeFileSync(`${out}/THIRD-PARTY-NOTICES.txt`, preamble + notices([cli, ...programs]));

const old = `${out}.old`;
if (existsSync("dist")) renameSync("dist", old);
renameSync(out, "dist");
rmSync(old, { recursive: true, force: true });
