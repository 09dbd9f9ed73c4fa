import { cpSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { runProcess } from "../../src/base/process.ts";
import type { UserProject } from "../../src/compose/model.ts";
import { hostPorts, portText } from "../../src/compose/ports.ts";
import { loadDeclaration } from "../../src/config/load.ts";
import { initWorkspace } from "../../src/init/init.ts";
import { readComposeFiles, readUserFiles, readUserFilesWith } from "../../src/workspace/compose-files.ts";
import { composeFilesIn } from "../../src/workspace/discovery.ts";
import { workspaceDocker } from "../../src/workspace/docker.ts";
import { parseEnv } from "../../src/workspace/env-file.ts";
import { withEnvFiles } from "../../src/workspace/workspace.ts";
import { TemporaryFolder, testAssets } from "../support/workspace.ts";

// Compose files written for this: every syntax that a service can be stated in, each with its declaration.
const CORPUS = join(import.meta.dirname, "../fixtures/compose");
const names = readdirSync(CORPUS);

/** The shell's variables that the files need, and an engine, which Compose does not use to read files. */
const SHELL = { PATH: process.env.PATH, HOME: process.env.HOME, DOCKER_CONFIG: process.env.DOCKER_CONFIG };
const ENV = { ...SHELL, DOCKER_HOST: "unix:///dev/null" };
const log = { info() {}, step() {}, debug() {}, warn() {} };

interface Config {
  readonly services: Readonly<
    Record<string, { readonly entrypoint: string[] | null; readonly command: string[] | null }>
  >;
}

const compose = (dir: string, ...args: string[]) =>
  runProcess("docker", ["compose", ...args], { cwd: dir, env: ENV, deadlineMs: 30_000 });

async function configOf(dir: string, files: readonly string[] = []): Promise<Config> {
  const flags = files.flatMap((file) => ["-f", file]);
  const { code, stdout, stderr } = await compose(dir, ...flags, "--profile", "*", "config", "--format", "json");
  expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

const missing = await runProcess("docker", ["compose", "version"], { env: ENV, deadlineMs: 30_000 }).then(
  ({ code, stderr }) => (code === 0 ? undefined : stderr.trim()),
  (error: Error) => error.message,
);
const expected = process.env.REQUIRE_DOCKER === "1";
if (missing !== undefined && !expected) {
  process.stderr.write(`skipped, no docker compose: the corpus against Compose itself (${missing})\n`);
}

function copied(name: string): TemporaryFolder & { readonly before: Record<string, string> } {
  const folder = new TemporaryFolder();
  cpSync(join(CORPUS, name), folder.path, { recursive: true });
  return Object.assign(folder, { before: folder.files() });
}

const run = (dir: string) => initWorkspace({ dir, log, env: SHELL, assets: testAssets() });
const appsOf = (folder: TemporaryFolder) => Object.keys(loadDeclaration(folder.read("glitchtip.yaml"), "g").apps);

const servicesOf = ({ services }: Config, names: readonly string[]) => names.map((name) => [name, services[name]]);

/** The wrapper starts the app, with what the service stated before behind it. */
function expectWrapped(before: Config["services"][string] | undefined, after: Config["services"][string] | undefined) {
  const { entrypoint, command } = after ?? { entrypoint: [], command: [] };
  expect(entrypoint?.join(" ")).toMatch(/^\/bin\/sh \/glitchtip-with-dsn .* --( |$)/);
  if (before?.entrypoint != null) expect(entrypoint?.slice(entrypoint.indexOf("--") + 1)).toEqual(before.entrypoint);
  if (before?.command?.length) expect(command).toEqual(before.command);
}

/** Returns the facts about services in one order, with the variables from env files and each single port of the host. */
const facts = (dir: string, user: UserProject) =>
  Object.fromEntries(
    Object.entries(withEnvFiles(dir, user).services).map(([name, { environment, envFiles: _, ...service }]) => [
      name,
      {
        ...service,
        environment: [...new Set(environment)].sort(),
        networks: service.networks.toSorted(),
        labels: service.labels?.toSorted(),
        // Compose prints absolute paths, the user's file states them below its folder.
        folders: service.folders?.map((one) => ({ ...one, path: one.path === "" ? "" : resolve(dir, one.path) })),
        ports: (service.ports ?? []).flatMap(hostPorts).map(portText).sort(),
      },
    ]),
  );

it("there are at least thirty", () => expect(names.length).toBeGreaterThanOrEqual(30));

describe.each(names)("%s", (name) => {
  it("leaves the user's files byte for byte as they were, but for lines at the end of .env", async () => {
    using folder = copied(name);
    await run(folder.path);
    const after = folder.files();
    for (const [path, text] of Object.entries(folder.before)) {
      if (path === ".env") expect(after[path]).toContain(text.replace(/^COMPOSE_FILE=.*$/m, "").trim());
      else expect(after[path]).toBe(text);
    }
    expect(await run(folder.path)).toMatchObject({ nothingToChange: true });
  });

  it.skipIf(missing !== undefined && !expected)("is accepted by Compose, changed only where it has to be", async () => {
    using folder = copied(name);
    const { composeFiles, stackFile } = composeFilesIn(folder.path, parseEnv(folder.before[".env"] ?? ""));
    const own = composeFiles.slice(0, composeFiles.indexOf(stackFile));
    const before = await configOf(folder.path, own);
    await run(folder.path);
    const after = await configOf(folder.path);

    const apps = appsOf(folder);
    const carriers = name === "network-mode-service" ? ["vpn"] : [];
    const others = Object.keys(before.services).filter((service) => ![...apps, ...carriers].includes(service));
    expect(servicesOf(after, others)).toEqual(servicesOf(before, others));
    for (const app of apps) expectWrapped(before.services[app], after.services[app]);
  });

  it.skipIf(missing !== undefined && !expected)("is read without Compose as with it", async () => {
    using folder = copied(name);
    const env = parseEnv(folder.before[".env"] ?? "");
    const files = readComposeFiles(folder.path, composeFilesIn(folder.path, env));
    const variables = { ...env, ...SHELL };
    const { config } = workspaceDocker({ dir: folder.path, env: ENV, signal: new AbortController().signal, log });
    const asked: unknown[] = [];
    const reading = async (paths: readonly string[]) => {
      asked.push(paths);
      return await config(paths);
    };
    const withCompose = await readUserFilesWith(reading, folder.path, files, variables, log);
    // Files after ours lean on it, so Compose cannot read them alone.
    expect(asked).toHaveLength(name === "after-ours" ? 0 : 1);
    expect(facts(folder.path, readUserFiles(folder.path, files, variables))).toEqual(facts(folder.path, withCompose));
  });
});
