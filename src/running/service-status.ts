import type { Container, Health } from "../docker/index.ts";
import { isOurs, ONE_SHOTS, type RunningStack, START_ORDER } from "./running-stack.ts";

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

/** Ours first; those of ours that have no container too, but not the user's, whose profile may be off. */
export function servicesOf(stack: RunningStack): ServiceStatus[] {
  const names = Object.keys(stack.config.services);
  const seen = stack.containers.map((container) => serviceStatus(container));
  const missing = names
    .filter((name) => isOurs(name) && stack.config.services[name]?.provider === undefined)
    .filter((name) => !stack.config.services[name]?.profiles?.length)
    .filter((name) => !stack.containers.some(({ service }) => service === name))
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
