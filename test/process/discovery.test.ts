// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defined } from "../../src/base/defined.ts";
import { runProcess } from "../../src/base/process.ts";
import { initWorkspace } from "../../src/init/init.ts";
import { composeFilesFoundIn } from "../../src/workspace/discovery.ts";
import { TemporaryFolder, testAssets } from "../support/workspace.ts";

// What Compose reads by itself, asked of Compose itself.

const ENV = { PATH: process.env.PATH, HOME: process.env.HOME, DOCKER_CONFIG: process.env.DOCKER_CONFIG };
const log = { info() {}, step() {}, debug() {}, warn() {} };
const BASES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES = BASES.map((name) => name.replace(".", ".override."));

const missing = await runProcess("docker", ["compose", "version"], { env: ENV, deadlineMs: 30_000 }).then(
  ({ code, stderr }) => (code === 0 ? undefined : stderr.trim()),
  (error: Error) => error.message,
);
const isSkipped = missing !== undefined && process.env.REQUIRE_DOCKER !== "1";
if (isSkipped) process.stderr.write(`skipped, no docker compose: which files Compose reads by itself (${missing})\n`);

async function servicesIn(dir: string): Promise<string[]> {
  const { code, stdout, stderr } = await runProcess("docker", ["compose", "--profile", "*", "config", "--services"], {
    cwd: dir,
    env: ENV,
    deadlineMs: 60_000,
  });
  expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  return stdout.trim().split("\n").sort();
}

/** Each file has one service, by whose name it is known. */
function folderWith(files: readonly string[]): TemporaryFolder {
  const folder = new TemporaryFolder();
  for (const file of files) folder.write(file, `services: {${serviceOf(file)}: {image: shop/api}}\n`);
  return folder;
}

const serviceOf = (file: string): string => file.replaceAll(".", "-");

describe.skipIf(isSkipped)("Compose reads by itself", () => {
  const pairs = BASES.flatMap((base) => OVERRIDES.map((override) => [base, override] as const));
  it.each(pairs)("%s with %s", async (base, override) => {
    using folder = folderWith([base, override]);
    expect(await servicesIn(folder.path)).toEqual([serviceOf(base), serviceOf(override)].sort());
    expect(composeFilesFoundIn(folder.path)).toEqual([base, override]);
  });

  it.each(OVERRIDES.flatMap((first, i) => OVERRIDES.slice(i + 1).map((second) => [first, second] as const)))(
    "one of %s and %s, as we read it",
    async (first, second) => {
      using folder = folderWith(["compose.yaml", first, second]);
      const found = composeFilesFoundIn(folder.path);
      expect(found).toHaveLength(2);
      expect(await servicesIn(folder.path)).toEqual(found.map(serviceOf).sort());
    },
  );
});

const SERVICE = "services: {api: {image: shop/api, entrypoint: [node], command: [server.js]}}\n";
const OURS = ["glitchtip", "glitchtip-init", "glitchtip-provision"];

async function initiated(files: Readonly<Record<string, string>>, discovery?: "override" | "env") {
  const folder = new TemporaryFolder();
  for (const [path, text] of Object.entries(files)) folder.write(path, text.replaceAll("DIR", folder.path));
  const context = { dir: folder.path, log, env: ENV, assets: testAssets() };
  await initWorkspace(context, { apps: { api: "shop" }, ...defined({ discovery }) });
  return folder;
}

describe.skipIf(isSkipped)("Compose finds our file", () => {
  it.each(BASES)("beside %s", async (base) => {
    using folder = await initiated({ [base]: SERVICE });
    expect(folder.files()).not.toHaveProperty(".env");
    expect(await servicesIn(folder.path)).toEqual(expect.arrayContaining(["api", ...OURS]));
  });

  it("as the only one", async () => {
    using folder = new TemporaryFolder();
    await initWorkspace({ dir: folder.path, log, env: ENV, assets: testAssets() }, { noApps: true });
    expect(folder.files()).not.toHaveProperty(".env");
    expect(await servicesIn(folder.path)).toEqual(expect.arrayContaining(OURS));
  });

  it("in a clone that has no .env", async () => {
    using folder = await initiated({ "compose.yaml": SERVICE, ".env": "SECRET=x\n" });
    using clone = new TemporaryFolder();
    cpSync(folder.path, clone.path, { recursive: true });
    rmSync(join(clone.path, ".env"));
    expect(await servicesIn(clone.path)).toEqual(expect.arrayContaining(["api", ...OURS]));
  });

  it("in a folder below, where nothing but COMPOSE_FILE could hide it", async () => {
    using folder = await initiated({ "compose.yaml": SERVICE });
    mkdirSync(join(folder.path, "src"));
    expect(await servicesIn(join(folder.path, "src"))).toEqual(expect.arrayContaining(["api", ...OURS]));
  });

  it.each([
    "COMPOSE_FILE=DIR/compose.yaml\n",
    "D=DIR\nCOMPOSE_FILE=${D}/compose.yaml\n",
    'D=DIR\nCOMPOSE_FILE="$D/compose.yaml"\n',
    "COMPOSE_FILE=./compose.yaml:${NONE:-b.yaml}\n",
    "COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=compose.yaml,b.yaml\n",
  ])("by COMPOSE_FILE, stated as %j", async (env) => {
    using listed = await initiated({ "compose.yaml": SERVICE, "b.yaml": "services: {}\n", ".env": env }, "env");
    expect(await servicesIn(listed.path)).toEqual(expect.arrayContaining(["api", ...OURS]));
    using named = await initiated({ "compose.yaml": SERVICE, "b.yaml": "services: {}\n", ".env": env }, "override");
    expect(await servicesIn(named.path)).toEqual(expect.arrayContaining(["api", ...OURS]));
  });
});
