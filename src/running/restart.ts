import { CodedError } from "../base/errors.ts";
import type { Clock } from "../base/wait.ts";
import { type Container, type Docker, lastLines } from "../docker/index.ts";
import {
  containerOf,
  DATABASE,
  isOurs,
  ONE_SHOTS,
  observeStack,
  type RunningStack,
  SERVER,
  START_ORDER,
  VALKEY,
  WORKER,
} from "./running-stack.ts";

export interface Restarted {
  readonly service: string;
  readonly state: string;
  readonly health?: string;
  /** From the first stop until all are healthy. */
  readonly ms: number;
}

export interface RestartPlan {
  readonly services: readonly string[];
  /** Said before it begins. */
  readonly notes: readonly string[];
}

/** Web and worker unless others are named. A worker may lose its way to a database that went: it goes along (prototype 2). */
export function planRestart({ config }: RunningStack, named: readonly string[]): RestartPlan {
  const there = (service: string) => config.services[service] !== undefined;
  const wanted = named.length === 0 ? [SERVER, WORKER].filter(there) : named;
  const oneShots = wanted.filter((service) => ONE_SHOTS.includes(service));
  if (oneShots.length > 0) {
    throw new CodedError("GC1001", `${oneShots.join(", ")} runs once and ends; it is not restarted`, {
      remedy: "It runs again with: docker compose up -d --wait",
    });
  }
  const follow = wanted.some((one) => one === DATABASE || one === VALKEY)
    ? [SERVER, WORKER].filter((one) => there(one) && !wanted.includes(one))
    : [];
  const order = (service: string) => (isOurs(service) ? START_ORDER.indexOf(service) : START_ORDER.length);
  return {
    services: [...wanted, ...follow].sort((a, b) => order(a) - order(b)),
    notes: follow.length === 0 ? [] : [`${follow.join(" and ")} restart as well: they would lose their connections`],
  };
}

/** Restarts them and waits until they are healthy. Without dependencies, so that no one-shot runs again. */
export async function restart(
  docker: Docker,
  services: readonly string[],
  clock: Clock,
  say: (text: string) => void,
): Promise<Restarted[]> {
  const start = clock.now();
  const before = await observeStack(docker);
  const missing = services.filter((service) => containerOf(before, service) === undefined);
  if (missing.length > 0) {
    throw new CodedError("GC1605", `${missing.join(", ")} has no container to restart`, {
      remedy: "docker compose up -d --wait",
    });
  }
  say(`restarting ${services.join(", ")}`);
  const done = await docker.cli(["compose", "--profile", "*", "restart", "--no-deps", ...services], {
    onStderrLine: (line) => /Started|Restarting/.test(line) && say(line.trim()),
  });
  if (done.code !== 0) throw failed("docker compose restart", lastLines(done.stderr, 5));
  const waited = await docker.cli([
    "compose",
    "--profile",
    "*",
    "up",
    "--detach",
    "--wait",
    "--no-deps",
    "--no-recreate",
    ...services,
  ]);
  const after = await observeStack(docker);
  const ms = clock.now() - start;
  const results = services.flatMap((service) => {
    const found = containerOf(after, service);
    return found === undefined ? [] : [resultOf(found, ms)];
  });
  if (waited.code !== 0) {
    const bad = results
      .filter(({ state, health }) => state !== "running" || health === "unhealthy")
      .map(({ service }) => service);
    throw failed(`${bad.join(", ") || "a service"} did not come up again`, lastLines(waited.stderr, 3));
  }
  return results;
}

const resultOf = ({ service, state, health }: Container, ms: number): Restarted => ({
  service,
  state,
  ...(health === undefined ? {} : { health }),
  ms,
});

const failed = (what: string, problems: string[]) =>
  new CodedError("GC1605", what.includes("did not") ? what : `${what} failed`, {
    problems,
    remedy: "Look at it with: glitchtip-compose logs --errors",
  });
