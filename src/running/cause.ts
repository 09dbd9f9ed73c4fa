import type { Container } from "../docker/index.ts";
import {
  DATABASE,
  INIT,
  isStackService,
  PROVISIONER,
  SERVER,
  SETUP,
  START_ORDER,
  VALKEY,
  WORKER,
} from "../stack/service-names.ts";
import { containerProblem } from "./state.ts";

/** The exit code of templates/with-dsn where an app has no DSN. */
export const NO_DSN_EXIT = 78;
/** The exit code of the provisioner where the server was not ready in time. */
const NOT_READY_EXIT = 4;
/** Exit codes that have a cause of their own: a refused password (templates/init/gate.py) and a kill. */
const OWN_CAUSES: readonly number[] = [77, 137];

const SERVER_NEEDS = [SETUP, DATABASE, VALKEY, INIT];
/** What has to do its part before a service of the stack can, in the order of the start. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  [INIT]: [SETUP, DATABASE],
  [SERVER]: SERVER_NEEDS,
  [WORKER]: SERVER_NEEDS,
  [PROVISIONER]: [...SERVER_NEEDS, SERVER],
};
const APP_NEEDS = [...SERVER_NEEDS, SERVER, PROVISIONER];

/** Whether a container's end may only be the consequence of another one's. */
function mayFollow({ service, state, exitCode, oomKilled }: Container): boolean {
  if (oomKilled || (state !== "exited" && state !== "restarting") || OWN_CAUSES.includes(exitCode)) return false;
  if (!isStackService(service)) return exitCode === NO_DSN_EXIT;
  return service === PROVISIONER ? exitCode === NOT_READY_EXIT : service in NEEDS;
}

/** Returns the service that a broken container waits for: the first of the start that failed; undefined for one that failed itself. */
export function causeOf(container: Container, containers: readonly Container[]): string | undefined {
  const { service } = container;
  if (containerProblem(container) === undefined || !mayFollow(container)) return undefined;
  const needed = isStackService(service) ? (NEEDS[service] ?? []) : APP_NEEDS;
  return needed.find((name) =>
    containers.some((one) => one.service === name && containerProblem(one) !== undefined && hasEnded(one)),
  );
}

/** One that runs may be slow only, or have lost a process long ago. */
const hasEnded = ({ state, health }: Container): boolean => state !== "running" || health === "unhealthy";

/** Compares two services by their place in the start: the stack's own first, then the apps. */
export const byStart = (a: string, b: string): number => startRank(a) - startRank(b);

function startRank(service: string): number {
  const at = START_ORDER.indexOf(service);
  if (at !== -1) return at;
  return START_ORDER.length + (isStackService(service) ? 0 : 1);
}
