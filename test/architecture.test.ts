import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("..", import.meta.url).pathname;

/** Folders below the features. Their files may be imported one by one. */
const FOUNDATION = [
  "base",
  "compose",
  "config",
  "docker",
  "glitchtip",
  "http",
  "outputs",
  "references",
  "stack",
] as const;
/** Folders with one gate, index.ts: other folders import nothing else of them. */
const FEATURES = [
  "reconcile",
  "running",
  "workspace",
  "provision",
  "management",
  "backup",
  "secrets",
  "checks",
  "care",
  "init",
  "demo",
  "service",
  "emulator",
] as const;

/** Who may import whom, inside src; a folder may always import itself. Packages by their first name. */
const ARROWS: Readonly<Record<string, { folders: readonly string[]; packages: readonly string[] }>> = {
  base: { folders: [], packages: [] },
  // Compose files and what docker compose prints: types, and reading what the user wrote.
  compose: { folders: ["base"], packages: ["yaml"] },
  // The declaration is checked against the server's own rules for names and addresses, so that a mistake has a line.
  config: {
    folders: ["base", "compose/yaml-limits", "glitchtip/versions", "glitchtip/wire", "references/reference"],
    packages: ["yaml", "zod", "dotenv"],
  },
  http: { folders: ["base"], packages: ["undici"] },
  glitchtip: { folders: ["base", "http"], packages: ["zod"] },
  references: { folders: ["base", "http"], packages: [] },
  stack: { folders: ["base", "compose", "config", "glitchtip/versions", "references/reference"], packages: ["yaml"] },
  docker: { folders: ["base", "compose"], packages: ["dockerode"] },
  reconcile: {
    folders: ["base", "config", "glitchtip/identity", "glitchtip/wire", "glitchtip/versions", "references/reference"],
    packages: [],
  },
  outputs: { folders: ["base", "config/dsn-volumes", "glitchtip", "reconcile"], packages: ["zod"] },
  running: { folders: ["base", "compose", "config", "glitchtip", "stack", "docker", "outputs"], packages: ["zod"] },
  workspace: {
    folders: ["base", "compose", "config", "glitchtip", "references", "stack", "docker", "outputs", "running"],
    packages: ["yaml", "dotenv", "diff", "zod", "@balena/dockerignore"],
  },
  provision: {
    folders: [
      "base",
      "config",
      "glitchtip",
      "http",
      "references",
      "stack",
      "docker",
      "outputs",
      "reconcile",
      "running",
    ],
    packages: ["zod"],
  },
  management: {
    folders: [
      "base",
      "config",
      "glitchtip",
      "http",
      "references",
      "docker",
      "outputs",
      "reconcile",
      "running",
      "provision",
    ],
    packages: ["yaml", "zod"],
  },
  backup: {
    folders: [
      "base",
      "config",
      "glitchtip",
      "http",
      "references",
      "stack",
      "docker",
      "outputs",
      "running",
      "workspace",
    ],
    packages: ["age-encryption", "aws4fetch", "croner", "tar-stream", "yaml", "zod"],
  },
  secrets: {
    folders: ["base", "config", "glitchtip", "http", "stack", "docker", "outputs", "running", "backup"],
    packages: ["zod"],
  },
  checks: {
    folders: [
      "base",
      "compose",
      "config",
      "glitchtip",
      "http",
      "stack",
      "docker",
      "outputs",
      "running",
      "workspace",
      "backup",
      "secrets",
    ],
    packages: ["yaml", "zod"],
  },
  care: {
    folders: [
      "base",
      "config",
      "glitchtip",
      "http",
      "references",
      "stack/service-names",
      "docker",
      "outputs",
      "running",
      "workspace",
      "backup",
      "checks",
    ],
    packages: ["croner", "pg", "zod"],
  },
  init: {
    folders: [
      "base",
      "compose",
      "config",
      "glitchtip/versions",
      "outputs/private-folder",
      "references/reference",
      "stack",
      "workspace",
      "checks",
    ],
    packages: [],
  },
  // The HTTP API, the queue and the watch. What they carry out is the management's work.
  service: {
    folders: ["base", "config", "glitchtip", "http", "references", "outputs", "reconcile", "management", "care"],
    packages: [
      "fastify",
      "@fastify/swagger",
      "fastify-type-provider-zod",
      "bullmq",
      "ioredis",
      "jose",
      "pg",
      "pino",
      "prom-client",
      "yaml",
      "zod",
    ],
  },
  demo: { folders: ["base", "config/dsn-volumes", "http", "docker", "outputs", "provision", "init"], packages: [] },
  provisioner: { folders: ["base", "config", "glitchtip", "http", "outputs", "provision"], packages: ["zod"] },
  cli: {
    folders: [
      "base",
      "config",
      "glitchtip",
      "http",
      "references",
      "stack/service-names",
      "docker",
      "outputs",
      ...FEATURES,
    ],
    packages: ["commander", "@clack/prompts", "string-width"],
  },
  emulator: { folders: ["base", "glitchtip/versions", "glitchtip/wire"], packages: [] },
  index: { folders: ["base", "glitchtip"], packages: [] },
};

/** Entry points: programs of their own, which the build names. */
const ENTRIES = [
  "src/backup/service/main.ts",
  "src/care/service/main.ts",
  "src/provisioner/main.ts",
  "src/service/main.ts",
];

interface Import {
  readonly file: string;
  readonly target: string;
}

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
  .map((file) => join("src", file));

const textOf = (file: string): string => readFileSync(join(root, file), "utf8");

function importsOf(file: string): Import[] {
  const found = [...textOf(file).matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\()"([^"]+)"/g)];
  return found.map(([, name = ""]) => ({
    file,
    target: name.startsWith(".") ? relative(join(root, "src"), join(root, dirname(file), name)) : name,
  }));
}

const topOf = (path: string): string => path.split("/")[0]?.replace(/\.ts$/, "") ?? "";
const folderOf = (file: string): string => topOf(relative("src", file));

function isAllowed({ file, target }: Import): boolean {
  const arrows = ARROWS[folderOf(file)];
  if (arrows === undefined) return false;
  if (target.startsWith("node:")) return true;
  if (!target.endsWith(".ts")) return arrows.packages.some((name) => target === name || target.startsWith(`${name}/`));
  const reachable = [folderOf(file), ...arrows.folders];
  return reachable.some((folder) => target.startsWith(`${folder}/`) || target === `${folder}.ts`);
}

describe("imports in src", () => {
  const imports = sources.flatMap(importsOf);
  const local = imports.filter(({ target }) => target.endsWith(".ts"));

  it("are found by this test", () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(imports.length).toBeGreaterThan(100);
  });

  it("follow the table of arrows", () => {
    const broken = imports.filter((one) => !isAllowed(one));
    expect(broken.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
  });

  it("name files that exist", () => {
    expect(local.filter(({ target }) => !existsSync(join(root, "src", target)))).toEqual([]);
  });

  it("enter a feature folder through its gate", () => {
    const past = local.filter(
      ({ file, target }) =>
        folderOf(file) !== topOf(target) &&
        FEATURES.some((feature) => target.startsWith(`${feature}/`)) &&
        !target.endsWith("/index.ts"),
    );
    expect(past.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
  });

  it("form no circle of folders, types included", () => {
    const arrows = new Map<string, Set<string>>();
    for (const { file, target } of local) {
      const from = folderOf(file);
      if (from !== topOf(target)) arrows.set(from, (arrows.get(from) ?? new Set()).add(topOf(target)));
    }
    const reach = (from: string, seen: Set<string>): Set<string> => {
      for (const to of arrows.get(from) ?? []) if (!seen.has(to)) reach(to, seen.add(to));
      return seen;
    };
    const folders = [...new Set(sources.map(folderOf))];
    expect(folders.filter((folder) => reach(folder, new Set()).has(folder))).toEqual([]);
  });
});

describe("layout", () => {
  it("has a row of arrows for every folder", () => {
    expect(Object.keys(ARROWS).toSorted()).toEqual([...new Set(sources.map(folderOf))].toSorted());
    const known: readonly string[] = [...FOUNDATION, ...FEATURES, "cli", "provisioner", "index"];
    expect(Object.keys(ARROWS).toSorted()).toEqual(known.toSorted());
  });

  it("gives each feature folder one gate with explicit names", () => {
    for (const feature of FEATURES) {
      const gate = textOf(join("src", feature, "index.ts"));
      expect(gate, feature).not.toMatch(/export \*/);
      expect(gate, feature).toMatch(/^(\/\*\*|export (type )?\{)/);
    }
    expect(ENTRIES.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it("keeps every folder below a fifth of all lines", () => {
    const lines = new Map<string, number>();
    for (const file of sources) {
      lines.set(folderOf(file), (lines.get(folderOf(file)) ?? 0) + textOf(file).split("\n").length);
    }
    const all = [...lines.values()].reduce((sum, count) => sum + count, 0);
    expect([...lines].filter(([, count]) => count > all / 5)).toEqual([]);
  });

  it("exports no name with two meanings", () => {
    const places = new Map<string, string[]>();
    for (const file of sources) {
      const exported = textOf(file).matchAll(
        /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm,
      );
      for (const name of new Set([...exported].map(([, found = ""]) => found))) {
        places.set(name, [...(places.get(name) ?? []), file]);
      }
    }
    expect([...places].filter(([, files]) => files.length > 1)).toEqual([]);
  });

  it("has no folder or file without a concept", () => {
    expect(sources.filter((file) => /(^|\/)(utils?|helpers?|common|misc|shared)(\.ts|\/)/.test(file))).toEqual([]);
  });

  it("keeps every source file at 300 lines or fewer, nine of ten at 200", () => {
    const lines = sources.map((file) => textOf(file).trimEnd().split("\n").length);
    expect(Math.max(...lines)).toBeLessThanOrEqual(300);
    expect(lines.filter((count) => count > 200).length).toBeLessThanOrEqual(sources.length * 0.1);
  });

  it("ends the process and reads the clock only at the edges", () => {
    const edges =
      /^src\/(base\/|cli\/main\.ts|cli\/run\.ts|cli\/context\.ts|provisioner\/main\.ts|((backup|care)\/)?service\/main\.ts)/;
    const words = /(?<![/\w])process\.(?!platform)|\bconsole\.|\bDate\.now\(|\bsetTimeout\(/;
    const inside = sources.filter((file) => !edges.test(file) && !file.startsWith("src/emulator/"));
    const code = (file: string): string => textOf(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    expect(inside.filter((file) => words.test(code(file)))).toEqual([]);
  });
});

describe("bundles", () => {
  const inputs = (name: string, output?: string): string[] => {
    const meta = JSON.parse(textOf(join("dist", `${name}.meta.json`)));
    return Object.entries<{ inputs: Record<string, { bytesInOutput: number }> }>(meta.outputs)
      .filter(([path]) => output === undefined || path === output)
      .flatMap(([, { inputs: of }]) =>
        Object.entries(of).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
      );
  };

  it.skipIf(!existsSync(join(root, "dist/provisioner.meta.json")))(
    "give the provisioner's container what it needs and no more",
    () => {
      const foreign = inputs("provisioner").filter((path) =>
        /^src\/(docker|stack|cli|emulator|management|workspace|running|config\/schema)(\/|\.ts)|node_modules\/(dockerode|undici|yaml|commander)\//.test(
          path,
        ),
      );
      expect(foreign).toEqual([]);
    },
  );

  it.skipIf(!existsSync(join(root, "dist/care.meta.json")))(
    "give the services of the stack no way to the engine",
    () => {
      const foreign = ["backup", "care"]
        .flatMap((name) => inputs(name))
        .filter((path) => /^src\/(docker|stack|cli|emulator)\/|\/dockerode\//.test(path));
      expect(foreign).toEqual([]);
    },
  );

  it.skipIf(!existsSync(join(root, "dist/cli.meta.json")))(
    "start the command line without what single commands need",
    () => {
      const early = inputs("cli", "dist/cli.mjs").filter((path) =>
        /node_modules\/(dockerode|undici|@clack|pg)\/|^src\/(docker|emulator|glitchtip)\/(?!versions\.ts|wire\/)/.test(
          path,
        ),
      );
      expect(early).toEqual([]);
    },
  );

  it.skipIf(!existsSync(join(root, "dist/cli.meta.json")))(
    "answer a key press without a YAML parser and without the rest of the program, at most 50 kB",
    () => {
      const { outputs } = JSON.parse(textOf("dist/cli.meta.json")) as {
        outputs: Record<string, { bytes: number; entryPoint?: string; imports: { path: string; kind: string }[] }>;
      };
      const loaded = new Set<string>();
      const load = (path: string): void => {
        if (loaded.has(path)) return;
        loaded.add(path);
        for (const one of outputs[path]?.imports ?? []) if (one.kind === "import-statement") load(one.path);
      };
      for (const source of ["src/cli/main.ts", "src/cli/completion/answer.ts"]) {
        const entry = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === source);
        expect(entry, source).toBeDefined();
        load(entry ?? "");
      }
      expect([...loaded].flatMap((path) => inputs("cli", path)).filter((path) => path.includes("/yaml/"))).toEqual([]);
      const bytes = [...loaded].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
      expect(bytes).toBeLessThan(50_000);
    },
  );

  it.skipIf(!existsSync(join(root, "dist/cli.meta.json")))(
    "load dockerode without gRPC, and without SSH until an address needs it",
    () => {
      const grpc = inputs("cli").filter((path) => /node_modules\/(@grpc|protobufjs|@protobufjs)\//.test(path));
      expect(grpc).toEqual([]);
      expect(inputs("cli")).toContain(".config/lazy-ssh2.cjs");
    },
  );
});
