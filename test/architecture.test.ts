import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("..", import.meta.url).pathname;

/** Who may import whom, inside src; a folder may always import itself. Packages by their first name. */
const ARROWS: Readonly<Record<string, { folders: readonly string[]; packages: readonly string[] }>> = {
  base: { folders: [], packages: [] },
  // Of the wire only what the server makes of names and addresses, so that a mistake has a line.
  config: {
    folders: ["base", "glitchtip/versions", "glitchtip/wire", "references/reference"],
    packages: ["yaml", "zod", "dotenv"],
  },
  glitchtip: { folders: ["base"], packages: ["undici", "zod"] },
  // The table of generations is data; of the references only their form.
  reconcile: {
    folders: ["base", "config", "glitchtip/wire", "glitchtip/versions", "references/reference"],
    packages: [],
  },
  references: { folders: ["base"], packages: ["undici"] },
  stack: { folders: ["base", "config", "glitchtip/versions", "references/reference"], packages: ["yaml"] },
  docker: { folders: ["base"], packages: ["dockerode"] },
  outputs: { folders: ["base", "reconcile"], packages: ["zod"] },
  operations: {
    folders: ["base", "config", "glitchtip", "references", "reconcile", "stack", "docker", "outputs"],
    packages: ["zod", "yaml", "dotenv", "diff", "age-encryption", "aws4fetch"],
  },
  provisioner: { folders: ["base", "config", "glitchtip", "outputs", "operations/provision"], packages: ["zod"] },
  "backup-service": { folders: ["base", "config", "operations/backup"], packages: ["croner", "zod"] },
  // Of GlitchTip only its port; Postgres and Valkey are asked directly, because that is what "healthy" means.
  "care-service": {
    folders: [
      "base",
      "config",
      "glitchtip/versions",
      "operations/backup",
      "operations/backlog",
      "operations/care",
      "operations/production/served",
    ],
    packages: ["croner", "zod", "pg"],
  },
  cli: {
    folders: ["base", "config", "glitchtip", "references", "docker", "outputs", "operations"],
    packages: ["commander", "@clack/prompts"],
  },
  emulator: { folders: ["base", "glitchtip/wire"], packages: [] },
  index: { folders: ["base", "glitchtip/wire", "reconcile"], packages: [] },
};

/** Single files that may reach further, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  "src/cli/commands/emulate.ts": ["emulator"],
  "src/cli/commands/demo.ts": ["emulator"],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
  .map((file) => join("src", file));

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const found = [...text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\()"([^"]+)"/g)].map(([, name]) => name ?? "");
  return found.map((name) => ({
    file,
    target: name.startsWith(".") ? relative(join(root, "src"), join(root, dirname(file), name)) : name,
  }));
}

const folderOf = (file: string): string => relative("src", file).split("/")[0]?.replace(/\.ts$/, "") ?? "";

function allowed({ file, target }: Import): boolean {
  const arrows = ARROWS[folderOf(file)];
  if (arrows === undefined) return false;
  if (target.startsWith("node:")) return true;
  if (!target.endsWith(".ts")) return arrows.packages.some((name) => target === name || target.startsWith(`${name}/`));
  const reach = [folderOf(file), ...arrows.folders, ...(EXCEPTIONS[file] ?? [])];
  return reach.some((folder) => target.startsWith(`${folder}/`) || target === `${folder}.ts`);
}

describe("imports in src point down only", () => {
  it("finds the sources it judges", () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap(importsOf).length).toBeGreaterThan(100);
  });

  it("follows the table of arrows", () => {
    const broken = sources.flatMap(importsOf).filter((one) => !allowed(one));
    expect(broken.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
  });

  it("imports files that are there", () => {
    const local = sources.flatMap(importsOf).filter(({ target }) => target.endsWith(".ts"));
    expect(local.filter(({ target }) => !existsSync(join(root, "src", target)))).toEqual([]);
  });
});

describe("layout", () => {
  it("has no drawer without a concept", () => {
    expect(sources.filter((file) => /(^|\/)(utils?|helpers?|common|misc|shared)(\.ts|\/)/.test(file))).toEqual([]);
  });

  it("keeps every source file at 300 lines or fewer, nine of ten at 130", () => {
    const lines = sources.map((file) => readFileSync(join(root, file), "utf8").trimEnd().split("\n").length);
    expect(Math.max(...lines)).toBeLessThanOrEqual(300);
    expect(lines.filter((count) => count > 130).length).toBeLessThanOrEqual(sources.length * 0.1);
  });

  it("ends the process and reads the clock only at the edges", () => {
    const edges =
      /^src\/(base\/|cli\/entry\.ts|cli\/run\.ts|cli\/context\.ts|provisioner\/main\.ts|(backup|care)-service\/main\.ts)/;
    const words = /(?<![/\w])process\.(?!platform)|\bconsole\.|\bDate\.now\(|\bsetTimeout\(/;
    const inside = sources.filter((file) => !edges.test(file) && !file.startsWith("src/emulator/"));
    expect(
      inside.filter((file) =>
        words.test(readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")),
      ),
    ).toEqual([]);
  });
});

describe("bundles", () => {
  const inputs = (name: string, output?: string): string[] => {
    const meta = JSON.parse(readFileSync(join(root, "dist", `${name}.meta.json`), "utf8"));
    return Object.entries<{ inputs: object }>(meta.outputs)
      .filter(([path]) => output === undefined || path === output)
      .flatMap(([, { inputs: of }]) => Object.keys(of));
  };

  it.skipIf(!existsSync(join(root, "dist/provisioner.meta.json")))(
    "gives the container what it needs and no more",
    () => {
      const foreign = inputs("provisioner").filter((path) =>
        /^src\/(docker|stack|cli|emulator|config\/schema|reconcile\/server)(\/|\.ts)|node_modules\/(dockerode|yaml|commander)\//.test(
          path,
        ),
      );
      expect(foreign).toEqual([]);
    },
  );

  it.skipIf(!existsSync(join(root, "dist/care.meta.json")))(
    "gives the services of the stack no way to the engine",
    () => {
      const foreign = ["backup", "care"]
        .flatMap((name) => inputs(name))
        .filter((path) => /^src\/(docker|stack|cli|emulator)\/|\/dockerode\//.test(path));
      expect(foreign).toEqual([]);
    },
  );

  it.skipIf(!existsSync(join(root, "dist/cli.meta.json")))(
    "starts the command line without what single commands need",
    () => {
      const early = [...inputs("cli", "dist/main.mjs"), ...inputs("quick-init"), ...inputs("quick-add")].filter(
        (path) =>
          /node_modules\/(dockerode|undici|@clack|pg)\/|^src\/(docker|emulator|glitchtip)\/(?!versions\.ts|wire\/)/.test(
            path,
          ),
      );
      expect(early).toEqual([]);
    },
  );
});
