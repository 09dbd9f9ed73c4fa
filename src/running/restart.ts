import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import type { ProcessResult } from "../base/process.ts";
import type { Clock } from "../base/wait.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { DATABASE, isStackService, ONE_SHOTS, SERVER, START_ORDER, VALKEY, WORKER } from "../stack/service-names.ts";
import { type IntakeContext, whilePaused } from "./intake.ts";
import { containerOf, observeStack, type RunningStack } from "./observe.ts";
import { slowServerIsHealthy } from "./patient-up.ts";

export interface Restarted {
  readonly service: string;
  readonly state: string;
  readonly health?: string;
  /** The time from the first stop until all are healthy. */
  readonly ms: number;
}

export interface RestartPlan {
  readonly services: readonly string[];
  /** To be told before the restart begins. */
  readonly notes: readonly string[];
}

/**
 * Plans a restart of web and worker, unless others are named. Both restart together with the database or Valkey,
 * because they may not find their way back to one that went away.
 */
export function planRestart({ config }: RunningStack, named: readonly string[]): RestartPlan {
  const isThere = (service: string) => config.services[service] !== undefined;
  const wanted = named.length === 0 ? [SERVER, WORKER].filter(isThere) : named;
  const oneShots = wanted.filter((service) => ONE_SHOTS.includes(service));
  if (oneShots.length > 0) {
    throw new CodedError("GC1001", `${oneShots.join(", ")} runs once and ends; it is not restarted`, {
      remedy: "It runs again with: docker compose up -d --wait",
    });
  }
  const follow = wanted.some((one) => one === DATABASE || one === VALKEY)
    ? [SERVER, WORKER].filter((one) => isThere(one) && !wanted.includes(one))
    : [];
  const order = (service: string) => (isStackService(service) ? START_ORDER.indexOf(service) : START_ORDER.length);
  return {
    services: [...wanted, ...follow].sort((a, b) => order(a) - order(b)),
    notes: follow.length === 0 ? [] : [`${follow.join(" and ")} restart as well: they would lose their connections`],
  };
}

interface ServicesRestart {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  say(text: string): void;
}

/** Restarts services and waits until they are healthy. Leaves dependencies out, so that no one-shot runs again. */
export async function restartServices(context: ServicesRestart, services: readonly string[]): Promise<Restarted[]> {
  const { docker, clock, say } = context;
  const startMs = clock.now();
  const before = await observeStack(docker);
  const missing = services.filter((service) => containerOf(before, service) === undefined);
  if (missing.length > 0) {
    throw new CodedError("GC1605", `${missing.join(", ")} has no container to restart`, {
      remedy: "docker compose up -d --wait",
    });
  }
  say(`restarting ${services.join(", ")}`);
  const stores = services.filter(isStore);
  const others = services.filter((service) => !isStore(service));
  // A worker that starts before its database is ready may never store an event.
  let waited = await restartTogether(context, stores);
  if (waited.code === 0) waited = await restartTogether(context, others);
  const after = await observeStack(docker);
  const ms = clock.now() - startMs;
  const results = services.flatMap((service): Restarted[] => {
    const found = containerOf(after, service);
    return found === undefined ? [] : [{ service, state: found.state, ...defined({ health: found.health }), ms }];
  });
  if (waited.code === 0) return results;
  const bad = results.filter(({ state, health }) => state !== "running" || health === "unhealthy");
  const names = bad.map(({ service }) => service).join(", ") || "a service";
  throw restartFailed(`${names} did not come up again`, lastLines(waited.stderr, 3));
}

async function restartTogether(
  context: ServicesRestart,
  services: readonly string[],
): Promise<Pick<ProcessResult, "code" | "stderr">> {
  if (services.length === 0) return { code: 0, stderr: "" };
  const { docker, say } = context;
  const compose = ["compose", "--profile", "*"];
  const done = await docker.cli([...compose, "restart", "--no-deps", ...services], {
    onStderrLine: (line) => /Started|Restarting/.test(line) && say(line.trim()),
  });
  if (done.code !== 0) throw restartFailed("docker compose restart failed", lastLines(done.stderr, 5));
  const wait = () => docker.cli([...compose, "up", "--detach", "--wait", "--no-deps", "--no-recreate", ...services]);
  const waited = await wait();
  return waited.code !== 0 && (await slowServerIsHealthy(context)) ? await wait() : waited;
}

/** Executes a restart of these services or programs; where a data store is among them, intake is paused first. */
export async function withoutLoss<T>(
  context: IntakeContext,
  restarted: readonly string[],
  restart: () => Promise<T>,
): Promise<T> {
  const isData = restarted.some((name) => isStore(name) || STORES.includes(name));
  return isData ? await whilePaused(context, restart) : await restart();
}

const isStore = (service: string): boolean => service === DATABASE || service === VALKEY;

/** The data stores of the single container, by their names under its supervisor. */
const STORES: readonly string[] = ["postgres", "valkey"];
const WORKER_AND_WEB: readonly string[] = ["worker", "web"];

/**
 * Plans a restart inside of the single container, in the order in which its programs start: web and worker, unless
 * others are named. Both restart together with a data store.
 */
export function planProgramRestart(named: readonly string[]): readonly string[] {
  if (named.includes("init")) {
    throw new CodedError("GC1001", "migrate runs at each start of the container; it is not restarted", {
      remedy: "npx glitchtip-compose migrate",
    });
  }
  const stores = STORES.filter((name) => named.includes(name));
  const others = named.filter((name) => !STORES.includes(name));
  return [...stores, ...(stores.length > 0 || named.length === 0 ? WORKER_AND_WEB : others)];
}

/** Restarts programs of the single container. Its supervisor waits until each is ready again. */
export async function restartPrograms(
  docker: Docker,
  container: string,
  programs: readonly string[],
  clock: Clock,
  say: (text: string) => void,
): Promise<Restarted[]> {
  const startMs = clock.now();
  say(`restarting ${programs.join(", ")}`);
  const { code, stderr } = await docker.cli(["exec", container, "programs", "restart", ...programs]);
  if (code !== 0) throw restartFailed(`${programs.join(", ")} did not come up again`, lastLines(stderr, 3));
  const ms = clock.now() - startMs;
  return programs.map((service) => ({ service, state: "running", health: "ready", ms }));
}

const restartFailed = (what: string, problems: string[]) =>
  new CodedError("GC1605", what, { problems, remedy: "Look at it with: npx glitchtip-compose logs --errors" });
