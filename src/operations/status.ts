import type { Declaration } from "../config/schema.ts";
import type { Container, Docker, Health } from "../docker/index.ts";
import type { AppStatus, Status } from "../outputs/dsn-volume.ts";
import { type Backlog, readBacklog } from "./backlog.ts";
import {
  containerOf,
  DATABASE,
  DSN_DIR,
  isOurs,
  ONE_SHOTS,
  observeStack,
  PROVISIONER,
  type RunningStack,
  SERVER,
  START_ORDER,
  WORKER,
} from "./running-stack.ts";

/** How the whole project is: `broken` where somebody has to do something. */
export interface StackStatus {
  readonly project: string;
  readonly state: "ok" | "starting" | "not started" | "broken";
  readonly url?: string;
  /** What the server says of itself; undefined where it was built without a version. */
  readonly version?: string;
  readonly image?: string;
  readonly services: readonly ServiceStatus[];
  /** What the provisioner wrote last; undefined before its first run. */
  readonly provisioner?: Omit<Status, "apps"> & { readonly at: string };
  readonly apps: readonly AppState[];
  /** Jobs that wait for the worker, where the generation keeps them in the database. */
  readonly jobs?: Backlog;
  /** What to type or look at, the most urgent first. */
  readonly next: readonly string[];
}

export interface ServiceStatus {
  readonly service: string;
  /** Compose's word, or `missing` where the service has no container. */
  readonly state: string;
  readonly health?: Health;
  /** Of one that has ended. */
  readonly exitCode?: number;
  readonly sinceMs?: number;
  /** Why it counts as broken. */
  readonly problem?: string;
}

export interface AppState {
  readonly app: string;
  readonly project: string;
  /** `proved`: an event went through; `accepted`: only the key was asked; `none`: never got one. */
  readonly dsn: AppStatus["dsn"] | "none";
  readonly variables: readonly string[];
}

export async function status(
  docker: Docker,
  declaration: Declaration,
  options: { readonly url?: string; readonly jobsInDatabase: boolean; readonly nowMs: number },
): Promise<StackStatus> {
  const stack = await observeStack(docker);
  const [written, jobs] = await Promise.all([
    provisionerStatus(stack),
    options.jobsInDatabase ? readBacklog(docker, containerOf(stack, DATABASE), options.nowMs) : undefined,
  ]);
  const services = servicesOf(stack);
  const image = stack.config.services[SERVER]?.image;
  const { apps: known = {}, ...provisioner } = written ?? {};
  const apps = Object.entries(declaration.apps).map(([app, { project, variables }]) => ({
    app,
    project: known[app]?.project ?? project,
    dsn: known[app]?.dsn ?? ("none" as const),
    variables,
  }));
  const next = nextSteps({ stack, services, written, apps, jobs });
  return {
    project: stack.config.name,
    state: stack.containers.length === 0 ? "not started" : next.length > 0 ? "broken" : settling(services),
    ...(options.url === undefined ? {} : { url: options.url }),
    ...versionOf(written),
    ...(image === undefined ? {} : { image }),
    services,
    ...(written === undefined ? {} : { provisioner: provisioner as Omit<typeof written, "apps"> }),
    apps,
    ...(jobs === undefined ? {} : { jobs }),
    next: stack.containers.length === 0 ? ["docker compose up -d --wait"] : next,
  };
}

/** A build without a version says 0.0.0-unknown (readiness scenario). */
function versionOf(written: Status | undefined): { version?: string } {
  const version = written?.server?.version;
  return version === undefined || /^0\.0\.0|^unknown$/.test(version) ? {} : { version };
}

const settling = (services: readonly ServiceStatus[]): "starting" | "ok" =>
  services.some(({ health, state }) => health === "starting" || state === "created") ? "starting" : "ok";

/** From the stopped provisioner's volume: the file outlives its container's process. */
async function provisionerStatus(stack: RunningStack): Promise<(Status & { at: string }) | undefined> {
  const container = containerOf(stack, PROVISIONER);
  const text = container && (await stack.engine.readFile(container.id, `${DSN_DIR}/status.json`));
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Ours first; those of ours that have no container too, but not the user's, whose profile may be off. */
function servicesOf(stack: RunningStack): ServiceStatus[] {
  const names = Object.keys(stack.config.services);
  const seen = stack.containers.map((container) => serviceStatus(container));
  const missing = names
    .filter((name) => isOurs(name) && !stack.containers.some(({ service }) => service === name))
    .map((service) => ({ service, state: "missing", problem: "has no container" }));
  const order = [...START_ORDER, ...names.filter((name) => !START_ORDER.includes(name))];
  return [...seen, ...(stack.containers.length === 0 ? [] : missing)].sort(
    (a, b) => order.indexOf(a.service) - order.indexOf(b.service),
  );
}

function serviceStatus(container: Container): ServiceStatus {
  const { service, state, health, exitCode, sinceMs } = container;
  const problem = problemOf(container);
  return {
    service,
    state,
    ...(health === undefined ? {} : { health }),
    ...(state === "exited" || state === "dead" ? { exitCode } : {}),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Undefined for one that does its part. */
export function problemOf({ service, state, health, exitCode, oomKilled, restarts }: Container): string | undefined {
  const oneShot = ONE_SHOTS.includes(service);
  if (state === "running" && oomKilled) return "killed a process for lack of memory, though it runs";
  if (state === "running" && health === "unhealthy") return "is unhealthy";
  if (state === "restarting") return `starts again and again (${restarts} times, last exit code ${exitCode})`;
  if (state === "exited" && exitCode !== 0)
    return `ended with exit code ${exitCode}${oomKilled ? ", out of memory" : ""}`;
  if (state === "exited" && !oneShot && isOurs(service)) return "is stopped";
  if (state === "dead" || state === "paused") return `is ${state}`;
  return undefined;
}

interface Seen {
  readonly stack: RunningStack;
  readonly services: readonly ServiceStatus[];
  readonly written: Status | undefined;
  readonly apps: readonly AppState[];
  readonly jobs: Backlog | undefined;
}

function nextSteps({ services, written, apps, jobs }: Seen): string[] {
  const broken = services.filter(({ problem }) => problem !== undefined);
  const worker = services.some(({ service }) => service === WORKER) ? WORKER : SERVER;
  const withoutDsn = apps.filter(({ dsn }) => dsn === "none").map(({ app }) => app);
  const provisionerRuns = services.some(({ service, state }) => service === PROVISIONER && state !== "exited");
  return [
    ...broken.map(({ service, problem, state }) =>
      state === "missing" || problem === "is stopped"
        ? `${service} ${problem}: docker compose up -d --wait`
        : `${service} ${problem}: docker compose logs --tail 50 ${service}`,
    ),
    ...(written?.error === undefined ? [] : [`the provisioner says ${written.error.code}: ${written.error.message}`]),
    ...(withoutDsn.length === 0 || provisionerRuns || broken.some(({ service }) => service === PROVISIONER)
      ? []
      : [`no DSN yet for ${withoutDsn.join(", ")}: npx glitchtip-compose init, then docker compose up -d --wait`]),
    ...(jobs?.stuck ? [`${jobs.waiting} jobs wait and none is taken: docker compose restart ${worker}`] : []),
  ];
}
