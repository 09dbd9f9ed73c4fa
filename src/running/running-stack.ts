import { CodedError } from "../base/errors.ts";
import type { ComposeConfig, Container, Docker, Engine } from "../docker/index.ts";

/** Names that the generator gives; templates/compose. */
export const SERVER = "glitchtip";
export const WORKER = "glitchtip-worker";
export const DATABASE = "glitchtip-db";
export const PROVISIONER = "glitchtip-provision";
export const INIT = "glitchtip-init";
export const VALKEY = "glitchtip-valkey";
const BUSYBOX = "glitchtip-busybox";
export const PROXY = "glitchtip-proxy";
export const ONE_SHOTS: readonly string[] = [INIT, PROVISIONER, BUSYBOX];
/** Ours in the order in which they start. */
export const START_ORDER: readonly string[] = [DATABASE, VALKEY, INIT, SERVER, WORKER, PROVISIONER, BUSYBOX, PROXY];
/** Where the DSN volume is mounted, in the provisioner and in the apps. */
export const DSN_DIR = "/run/glitchtip";

/** The project as Compose reads it, and what of it exists on the engine. */
export interface RunningStack {
  readonly engine: Engine;
  readonly config: ComposeConfig;
  /** Without those of `compose run`. */
  readonly containers: readonly Container[];
}

export async function observeStack(docker: Docker): Promise<RunningStack> {
  const [{ engine }, config] = await Promise.all([docker.located(), docker.compose.config()]);
  const containers = (await engine.containers(config.name)).filter(({ oneOff }) => !oneOff);
  return { engine, config, containers };
}

/** Server, worker, Postgres and Valkey in one container, which is told so where its database's password is. */
export const isSingle = (services: ComposeConfig["services"]): boolean =>
  services[SERVER]?.environment?.POSTGRES_PASSWORD_FILE !== undefined;

/** What is pinned: of the single container, which is built on this machine, what it is built on. */
export const imageBehind = ({ image, build }: ComposeConfig["services"][string]): string | undefined =>
  build?.args?.GLITCHTIP_IMAGE ?? image;

/** The service in which our Postgres runs; undefined where it is somebody else's. */
export const databaseOf = (services: ComposeConfig["services"]): string | undefined =>
  services[DATABASE] !== undefined ? DATABASE : isSingle(services) ? SERVER : undefined;

export const isOurs = (service: string): boolean => service === SERVER || service.startsWith(`${SERVER}-`);

/** The running one, else any; a service may have several containers. */
export function containerOf({ containers }: RunningStack, service: string): Container | undefined {
  const all = containers.filter((container) => container.service === service);
  return all.find(({ state }) => state === "running") ?? all[0];
}

/** The container in which our Postgres runs. */
export function databaseContainerOf(stack: RunningStack): Container | undefined {
  const service = databaseOf(stack.config.services);
  return service === undefined ? undefined : containerOf(stack, service);
}

export function notStarted(project: string): CodedError {
  return new CodedError("GC1605", `project ${project} is not started: it has no container`, {
    remedy: "docker compose up -d --wait",
  });
}
