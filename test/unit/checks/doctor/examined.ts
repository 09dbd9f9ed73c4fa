import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defined } from "../../../../src/base/defined.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { type Finding, type Machine, runDoctor } from "../../../../src/checks/doctor/doctor.ts";
import type { ComposeConfig } from "../../../../src/compose/model.ts";
import type { Container, PublishedPort } from "../../../../src/docker/index.ts";
import { initWorkspace } from "../../../../src/init/init.ts";
import { isStackService, ONE_SHOTS } from "../../../../src/stack/service-names.ts";
import { readWorkspace } from "../../../../src/workspace/workspace.ts";
import { answers, container, type FakeDockerOptions, fakeDocker } from "../../../support/fake-docker.ts";
import { testAssets } from "../../../support/workspace.ts";

export const GIB = 1024 ** 3;
export const NOW_MS = 1_000_000_000_000;
const MEMORY = 512 * 1024 ** 2;
export const CONFIG: ComposeConfig = {
  name: "shop",
  services: {
    api: { networks: { default: null, glitchtip: null }, ports: [{ target: 3000, published: "3000" }] },
    glitchtip: {
      networks: { glitchtip: null },
      ports: [{ target: 8000, published: "8000", host_ip: "127.0.0.1" }],
      mem_limit: String(MEMORY),
    },
    "glitchtip-db": { mem_limit: String(MEMORY) },
    "glitchtip-init": { mem_limit: String(MEMORY) },
  },
};

export const ASSETS = testAssets();

interface ProjectFolder extends Disposable {
  readonly dir: string;
}

/** Makes a workspace with one app by `init`. */
export async function initiated(image?: string): Promise<ProjectFolder> {
  const dir = mkdtempSync(join(tmpdir(), "glitchtip-doctor-"));
  const compose = 'services:\n  api: {image: "node:24", entrypoint: [node], command: [server.js]}\n';
  writeFileSync(join(dir, "compose.yaml"), compose);
  await initWorkspace({ dir, log: silentLog, assets: ASSETS }, { apps: { api: "shop" }, ...defined({ image }) });
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

interface Setup {
  readonly dir?: string;
  readonly docker?: FakeDockerOptions;
  readonly machine?: Partial<Machine>;
  readonly published?: readonly PublishedPort[];
  readonly info?: object;
  /** The stack's services that the test does not name have no container; by default they do their part. */
  readonly incomplete?: true;
}

/** Returns the containers with one for each service of the stack that has none, where there is any. */
function completed(containers: readonly Container[]): Container[] {
  const missing = Object.keys(CONFIG.services).filter(
    (name) => isStackService(name) && !containers.some(({ service }) => service === name),
  );
  if (containers.length === 0) return [];
  const others = missing.map((name) => container(name, ONE_SHOTS.includes(name) ? { state: "exited" } : {}));
  return [...containers, ...others];
}

/** Runs doctor on a healthy machine and engine, except for what the test states. Returns all findings and those not ok. */
export async function examine(setup: Setup = {}): Promise<{ all: Finding[]; bad: Finding[]; good: string[] }> {
  const info = { memoryBytes: 8 * GIB, nowMs: NOW_MS, rootDir: "/var/lib/docker", kernel: "6.1", ...setup.info };
  const published = [...(setup.published ?? [])];
  const given = setup.docker?.containers ?? [];
  const containers = setup.incomplete === true ? given : completed(given);
  const all = await runDoctor({
    docker: fakeDocker({
      config: CONFIG,
      cli: async () => answers(),
      ...setup.docker,
      containers,
      engine: { info: async () => info, publishedPorts: async () => published, ...setup.docker?.engine },
    }),
    machine: {
      kernel: "6.1",
      nowMs: () => NOW_MS,
      freeBytes: async () => 50 * GIB,
      portIsFree: async () => true,
      resolves: async () => true,
      ...setup.machine,
    },
    assets: ASSETS,
    env: {},
    workspace: () => readWorkspace(setup.dir ?? "/nonexistent"),
  });
  return {
    all,
    bad: all.filter(({ level }) => level !== "ok"),
    good: all.filter(({ level }) => level === "ok").map(({ check }) => check),
  };
}
