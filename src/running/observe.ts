import { CodedError } from "../base/errors.ts";
import type { ComposeConfig } from "../compose/model.ts";
import type { Container, Docker, Engine } from "../docker/index.ts";
import { DATABASE, SERVER, VALKEY } from "../stack/service-names.ts";

/** The Compose project as Compose reads it, and what of it exists on the engine. */
export interface RunningStack {
  readonly engine: Engine;
  readonly config: ComposeConfig;
  /** Leaves out the containers of `docker compose run`. */
  readonly containers: readonly Container[];
}

type Services = ComposeConfig["services"];

/** Asks Compose and the engine for the stack of this folder. */
export async function observeStack(docker: Docker): Promise<RunningStack> {
  const [{ engine }, config] = await Promise.all([docker.located(), docker.compose.config()]);
  const containers = (await engine.containers(config.name)).filter(({ oneOff }) => !oneOff);
  return { engine, config, containers };
}

/** Whether server, worker, Postgres and Valkey share one container: only that one has the database's password file. */
export const isSingleContainer = (services: Services): boolean =>
  services[SERVER]?.environment?.POSTGRES_PASSWORD_FILE !== undefined;

/** Whether Compose makes containers of a service; a provider has none, nor has a service that is scaled to 0. */
export const hasContainers = ({ provider, scale, deploy }: Services[string]): boolean =>
  provider === undefined && scale !== 0 && deploy?.replicas !== 0;

/** The image whose version is pinned. The single container is built on this machine: then it is the base image. */
export const baseImage = ({ image, build }: Services[string]): string | undefined =>
  build?.args?.GLITCHTIP_IMAGE ?? image;

/** The service in which the stack's Postgres runs; undefined for a database outside of the stack. */
export function databaseOf(services: Services): string | undefined {
  if (services[DATABASE] !== undefined) return DATABASE;
  return isSingleContainer(services) ? SERVER : undefined;
}

/** A service may have several containers: returns the running one, else any. */
export function containerOf({ containers }: RunningStack, service: string): Container | undefined {
  const all = containers.filter((container) => container.service === service);
  return all.find(({ state }) => state === "running") ?? all[0];
}

/** The running container of a service. Throws GC1605 when there is none. */
export function runningContainer(stack: RunningStack, service: string): Container {
  const found = containerOf(stack, service);
  if (found?.state === "running") return found;
  const state = found === undefined ? "it has no container" : `${found.state}, exit code ${found.exitCode}`;
  throw new CodedError("GC1605", `${service} is not running (${state})`, {
    remedy: `docker compose up -d --wait ${service}`,
  });
}

/** The container in which the stack's Postgres runs. */
export function databaseContainerOf(stack: RunningStack): Container | undefined {
  const service = databaseOf(stack.config.services);
  return service === undefined ? undefined : containerOf(stack, service);
}

/** The container in which the stack's Valkey runs. */
export function valkeyContainerOf(stack: RunningStack): Container | undefined {
  const { services } = stack.config;
  const isInside = isSingleContainer(services) && services[SERVER]?.environment?.VALKEY_URL;
  return containerOf(stack, isInside ? SERVER : VALKEY);
}

export function stackNotStarted(composeProject: string): CodedError {
  return new CodedError("GC1605", `project ${composeProject} is not started: it has no container`, {
    remedy: "docker compose up -d --wait",
  });
}
