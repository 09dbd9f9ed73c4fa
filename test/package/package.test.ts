import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** What people install: packed, installed into an empty folder with nothing else at hand, and used from there. */
const clone = fileURLToPath(new URL("../..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(clone, "package.json"), "utf8"));

let root: string;
let consumer: string;
/** The size of the tarball. */
let packedBytes: number;
let installed: string;

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of the clone's own npm: no cache, no settings, no registry. */
function run(program: string, args: readonly string[], cwd = consumer): Result {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: {
      PATH: process.env.PATH ?? "",
      HOME: root,
      npm_config_cache: join(root, "cache"),
      npm_config_offline: "true",
      npm_config_update_notifier: "false",
      DOCKER_HOST: `unix://${join(root, "no-engine.sock")}`,
    },
  });
  return { code: status, stdout, stderr };
}

function good(result: Result): string {
  if (result.code !== 0) throw new Error(`it ended with ${result.code}:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "glitchtip-compose-package-")));
  consumer = join(root, "my-shop");
  mkdirSync(consumer);
  const packed = good(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", root], clone));
  const [{ filename }] = JSON.parse(packed);
  packedBytes = statSync(join(root, filename)).size;
  writeFileSync(join(consumer, "package.json"), '{ "name": "my-shop", "private": true, "type": "module" }\n');
  good(run("npm", ["install", "--no-audit", "--no-fund", join(root, filename)]));
  installed = join(consumer, "node_modules", "glitchtip-compose");
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());

describe("licences", () => {
  const bundled = readdirSync(join(clone, "dist"))
    .filter((file) => file.endsWith(".meta.json"))
    .flatMap((file) => {
      const { outputs } = JSON.parse(readFileSync(join(clone, "dist", file), "utf8"));
      const inputs = Object.values<{ inputs: Record<string, { bytesInOutput: number }> }>(outputs).flatMap((output) =>
        Object.entries(output.inputs),
      );
      return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
    });
  const packages = new Set(
    bundled.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.slice(1) ?? []),
  );

  it("ships the licence text of every bundled package", () => {
    const notices = readFileSync(join(installed, "dist/THIRD-PARTY-NOTICES.txt"), "utf8");
    expect(packages.size).toBeGreaterThan(10);
    const without = [...packages].filter((name) => !new RegExp(`^${name} \\d[^\n]*\n-+\n\\S`, "m").test(notices));
    expect(without).toEqual([]);
  });

  it.each(["provisioner", "backup", "care"])(
    "names version and source on top of %s.mjs, and its licences at its end",
    (name) => {
      const text = readFileSync(join(installed, `dist/${name}.mjs`), "utf8");
      expect(text.split("\n").slice(0, 3)).toEqual([
        `// ${name} of glitchtip-compose ${version}`,
        "// Licence: MIT; those of the packages in it are at the end of this file.",
        expect.stringMatching(
          /^\/\/ Source: src\/\S+\/main\.ts and what it imports, .* not minified\. Generated: do not edit\.$/,
        ),
      ]);
      expect(text.split("\n").length).toBeGreaterThan(1_000);
      expect(text).toMatch(/\/\*! Third-party software in this file:\n\nzod|croner \d/);
      expect(text).toMatch(/\nzod \d[^\n]*\n-+\nMIT License/);
    },
  );
});

describe("installing the package", () => {
  it("installs one package", () => {
    const names = readdirSync(join(consumer, "node_modules")).filter((name) => !name.startsWith("."));
    expect(names).toEqual(["glitchtip-compose"]);
    expect(filesOf(installed).filter((name) => name.includes("node_modules"))).toEqual([]);
  });

  it("is a tarball of at most 2.5 MB; unpacked 5 MB without the service's bundle, the provisioner's at most 1 MB", () => {
    expect(packedBytes).toBeLessThanOrEqual(2_500_000);
    const others = filesOf(installed).filter((name) => name !== "dist/serve.mjs");
    const bytes = others.reduce((sum, name) => sum + statSync(join(installed, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(5_000_000);
    expect(statSync(join(installed, "dist/provisioner.mjs")).size).toBeLessThanOrEqual(1_000_000);
  });

  it("brings licence, readme and everything that init writes, and nothing of the workshop", () => {
    const files = filesOf(installed);
    for (const wanted of [
      "LICENSE",
      "README.md",
      "templates/with-dsn",
      "images/provisioner/Dockerfile",
      "dist/glitchtip.schema.json",
    ]) {
      expect(files).toContain(wanted);
    }
    expect(files.filter((name) => /\.map$|meta\.json$|(?<!\.d)\.ts$|^(src|test)\/|\.test\./.test(name))).toEqual([]);
    const tops = new Set(files.map((name) => name.split("/")[0]));
    expect([...tops].sort()).toEqual(["LICENSE", "README.md", "dist", "docs", "images", "package.json", "templates"]);
  });

  it("brings every page that the readme and its pages link to", () => {
    const pages = filesOf(installed).filter((name) => name === "README.md" || /^docs\/.*\.md$/.test(name));
    const links = pages.flatMap((page) =>
      [...readFileSync(join(installed, page), "utf8").matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) =>
        join(dirname(page), target ?? ""),
      ),
    );
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((link) => !existsSync(join(installed, link)))).toEqual([]);
  });

  it("brings code that names neither a source map nor the machine it was built on", () => {
    for (const name of filesOf(join(installed, "dist")).filter((file) => /\.(mjs|json)$/.test(file))) {
      const text = readFileSync(join(installed, "dist", name), "utf8");
      expect(text.includes("sourceMappingURL="), name).toBe(false);
      expect(text.includes(clone), name).toBe(false);
    }
  });

  it("brings code that imports Node's own modules and its own files only", () => {
    const own = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);
    // ajv, which fastify brings along, keeps these as text of modules that it can write; nothing here asks it to.
    const writtenByAjv = /^ajv\/dist\/runtime\/\w+$|^ajv-formats\/dist\/formats$/;
    const imported = /\b(?:from|import)"([\w@./:-]+)"|\b(?:import|require)\("([\w@./:-]+)"\)/g;
    for (const name of filesOf(join(installed, "dist")).filter((file) => file.endsWith(".mjs"))) {
      const text = readFileSync(join(installed, "dist", name), "utf8");
      const foreign = [...text.matchAll(imported)].map(([, at, lazy]) => at ?? lazy ?? "");
      expect(
        foreign.filter((at) => !/^\.\/[\w-]+\.mjs$/.test(at) && !own.has(at) && !writtenByAjv.test(at)),
        name,
      ).toEqual([]);
    }
  });

  it("needs nothing at run time: no dependencies, no scripts that run on installing", () => {
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest).not.toHaveProperty("optionalDependencies");
    expect(Object.keys(manifest.scripts ?? {}).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual(
      [],
    );
    expect(manifest).toMatchObject({ license: "MIT", engines: { node: ">=20.19" } });
  });
});

describe("the installed program", () => {
  it("is executable and says that Node runs it", () => {
    expect(statSync(join(installed, "dist/cli.mjs")).mode & 0o111).toBe(0o111);
    expect(readFileSync(join(installed, "dist/cli.mjs"), "utf8").split("\n")[0]).toBe("#!/usr/bin/env node");
    expect(good(run(join(consumer, "node_modules/.bin/glitchtip-compose"), ["--version"]))).toBe(`${version}\n`);
  });

  it("sets a project up through npx, without installing anything", () => {
    const folder = join(root, "project");
    mkdirSync(folder);
    const args = ["--no-install", "glitchtip-compose", "-C", folder, "init", "--yes"];
    expect(good(run("npx", args))).toMatch(/^next: docker compose up -d --wait$/m);
    const written = (name: string) => readFileSync(join(folder, name), "utf8");
    for (const [name, source] of [
      [".glitchtip/provisioner.mjs", "dist/provisioner.mjs"],
      [".glitchtip/with-dsn", "templates/with-dsn"],
    ] as const) {
      expect(written(name) === readFileSync(join(installed, source), "utf8"), name).toBe(true);
    }
    expect(written("glitchtip.yaml")).toContain("version: 1");
  });

  it("has all that its other commands load", () => {
    const cli = join(installed, "dist/cli.mjs");
    const help = good(run(process.execPath, [cli, "--help"]));
    const commands = [...help.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name ?? "");
    expect(commands.length).toBeGreaterThan(6);
    for (const name of commands) expect(good(run(process.execPath, [cli, name, "--help"]))).toContain("Examples:");
  });

  it("loads its Docker client where one is needed", () => {
    const { stdout, stderr } = run(process.execPath, [join(installed, "dist/cli.mjs"), "-C", root, "doctor", "--json"]);
    expect(stderr).not.toMatch(/Cannot find|GC1901/);
    expect(JSON.parse(stdout)).toBeInstanceOf(Object);
  });

  it("goes the whole way of the demo without containers", () => {
    const cli = join(installed, "dist/cli.mjs");
    const { proof } = JSON.parse(good(run(process.execPath, [cli, "demo", "--no-containers", "--json"])));
    expect(proof.eventId).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("the installed modules", () => {
  it("start an emulator for a user's own test", () => {
    writeFileSync(
      join(consumer, "use.mjs"),
      `import { startEmulator } from "glitchtip-compose/emulator";
       import { composeDsn } from "glitchtip-compose";
       const emulator = await startEmulator({ generation: "5.2", superuser: { email: "a@example.com", password: "Correct-Horse-7" } });
       const answer = await fetch(emulator.url + "/api/settings/");
       console.log(JSON.stringify({ status: answer.status, dsn: composeDsn("http://localhost:8000", { key: "k", projectId: "1" }) }));
       await emulator.close();
      `,
    );
    expect(JSON.parse(good(run(process.execPath, ["use.mjs"])))).toEqual({
      status: 200,
      dsn: "http://k@localhost:8000/1",
    });
  });

  it("open nothing else than what is exported", () => {
    writeFileSync(join(consumer, "reach.mjs"), 'await import("glitchtip-compose/dist/provisioner.mjs");\n');
    expect(run(process.execPath, ["reach.mjs"]).stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  it("have types that compile for a strict consumer without any other types", () => {
    writeFileSync(
      join(consumer, "use.ts"),
      `import { CodedError, composeDsn, type DsnParts, ERROR_CODES, type ErrorCode, parseDsn } from "glitchtip-compose";
       import { type Emulator, type Fault, type Snapshot, startEmulator } from "glitchtip-compose/emulator";
       const parts: DsnParts = { key: "k", projectId: "1" };
       export const dsn: string = composeDsn("http://localhost:8000", parts);
       export const key: string | undefined = parseDsn(dsn)?.key;
       export const code: ErrorCode = "GC1203";
       export const title: string = ERROR_CODES[code];
       export const isOurs = (error: unknown): boolean => error instanceof CodedError && error.code === code;
       export async function start(): Promise<Snapshot> {
         await using emulator: Emulator = await startEmulator({ generation: "5.2" });
         const fault: Fault = { method: "POST", nth: 2, effect: { kind: "reset", acted: true } };
         emulator.fault(fault);
         return emulator.snapshot();
       }
       // @ts-expect-error: there is no such generation
       export const wrong = startEmulator({ generation: "3" });
      `,
    );
    const compilerOptions = {
      target: "ES2023",
      lib: ["ES2023", "ESNext.Disposable"],
      module: "nodenext",
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      types: [],
      noEmit: true,
    };
    writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["use.ts"] }));
    const tsc = join(clone, "node_modules/typescript/bin/tsc");
    expect(run(process.execPath, [tsc, "-p", "."])).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});
