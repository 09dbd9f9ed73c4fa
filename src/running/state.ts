import { timesText } from "../base/counted.ts";
import { defined } from "../base/defined.ts";
import { DSN_DIR, dsnFile, dsnFileInApp } from "../config/dsn-volumes.ts";
import type { Container, Health } from "../docker/index.ts";
import { issuesPage } from "../glitchtip/address.ts";
import type { WrittenStatus } from "../outputs/dsn-volume.ts";
import { isStackService, ONE_SHOTS, PROVISIONER, SERVER, START_ORDER } from "../stack/service-names.ts";
import { containerOf, hasContainers, type RunningStack } from "./observe.ts";

export interface ServiceState {
  readonly service: string;
  /** Compose's word, or `missing` when the service has no container. */
  readonly state: string;
  readonly health?: Health;
  /** Set for a container that has ended. */
  readonly exitCode?: number;
  /** When it reached this state, in milliseconds since the epoch. */
  readonly sinceMs?: number;
  /** Why the service counts as broken. */
  readonly problem?: string;
}

/**
 * The state of every container, the stack's first. Services of the stack that have no container count as missing; the
 * user's do not, because their profile may be off.
 */
export function serviceStates({ config, containers }: RunningStack): ServiceState[] {
  const names = Object.keys(config.services);
  const missing = names
    .filter((name) => isStackService(name) && hasContainers(config.services[name] ?? {}))
    .filter((name) => !config.services[name]?.profiles?.length)
    .filter((name) => !containers.some(({ service }) => service === name))
    .map((service) => ({ service, state: "missing", problem: "has no container" }));
  const order = [...START_ORDER, ...names.filter((name) => !START_ORDER.includes(name))];
  const isUpUnderWay = isStarting(containers);
  const { interrupted, others } = dividedByRecreation(containers);
  return [
    ...others.map((one) => {
      const state = stateOf(config, one, isUpUnderWay);
      return interrupted.includes(one.service) && !isUpUnderWay ? { ...state, problem: RECREATE_INTERRUPTED } : state;
    }),
    ...(containers.length === 0 ? [] : missing),
  ].sort((a, b) => order.indexOf(a.service) - order.indexOf(b.service));
}

/** Whether an `up` seems to be under way: a container that is only created may be started by it. */
const isStarting = (containers: readonly Container[]): boolean =>
  containers.some(
    ({ service, state, health }) =>
      health === "starting" || state === "restarting" || (state === "running" && ONE_SHOTS.includes(service)),
  );

/** What is wrong with a service whose container was made under Compose's temporary name and never took the old one's place. */
export const RECREATE_INTERRUPTED = "was interrupted while its container was recreated";

/** Compose names a replacement ID_NAME until the old container is gone. */
const isReplacement = ({ name, state }: Container): boolean => state === "created" && /^[0-9a-f]{12}_./.test(name);

/**
 * Returns the services with a replacement that was never started, and the containers with one for each of these: the old
 * container where it is still there, else the replacement.
 */
export function dividedByRecreation(containers: readonly Container[]): {
  readonly interrupted: readonly string[];
  readonly others: readonly Container[];
} {
  const replacements = containers.filter(isReplacement);
  const isOldThere = ({ name }: Container) => containers.some((one) => one.name === name.replace(/^[^_]*_/, ""));
  return {
    interrupted: replacements.map(({ service }) => service),
    others: containers.filter((one) => !replacements.includes(one) || !isOldThere(one)),
  };
}

/** What is wrong with a container that was made, although no `up` is under way that would start it. */
export const NEVER_STARTED = "was created and never started";

function stateOf(config: RunningStack["config"], container: Container, isUpUnderWay: boolean): ServiceState {
  const { service, state, health, exitCode, sinceMs } = container;
  const ended = state === "exited" || state === "dead";
  const neverStarted = state === "created" && !isUpUnderWay ? NEVER_STARTED : undefined;
  return {
    service,
    state,
    ...defined({
      health,
      exitCode: ended ? exitCode : undefined,
      sinceMs,
      problem: containerProblem(container) ?? neverStarted ?? otherImage(config, container),
    }),
  };
}

/** Says that a container of the stack runs another image than the files say, as after an updater swapped one of them. */
export function otherImage({ services }: RunningStack["config"], { service, state, image }: Container) {
  const { image: wanted, build } = services[service] ?? {};
  const isComparable = isStackService(service) && state === "running" && !build && !/^$|^sha256:/.test(image);
  if (!isComparable || wanted === undefined || wanted === image) return undefined;
  return `${RUNS_OTHER}${image}, and the files say ${wanted}`;
}

/** How the text of `otherImage` begins. */
export const RUNS_OTHER = "runs ";

/** What is wrong with a container; undefined for one that does its part. */
export function containerProblem({
  service,
  state,
  health,
  exitCode,
  oomKilled,
  restarts,
  healthOutput,
  startError,
}: Container): string | undefined {
  switch (state) {
    case "created":
      return startError && `could not be started: ${startError}`;
    case "running":
      if (oomKilled) return "killed a process for lack of memory, though it runs";
      return health === "unhealthy" ? ["is unhealthy", healthOutput ?? []].flat().join(": ") : undefined;
    case "restarting":
      return `keeps restarting (${timesText(restarts)}, last exit code ${exitCode})`;
    case "exited":
      if (exitCode !== 0) return `ended with exit code ${exitCode}${oomKilled ? ", out of memory" : ""}`;
      return isStackService(service) && !ONE_SHOTS.includes(service) ? "is stopped" : undefined;
    case "dead":
    case "paused":
      return `is ${state}`;
    default:
      return undefined;
  }
}

/** The status that the provisioner wrote; its volume can be read after the container has ended. */
export async function provisionerStatus(stack: RunningStack): Promise<WrittenStatus | undefined> {
  const container = containerOf(stack, PROVISIONER);
  const text = container && (await stack.engine.readFile(container.id, `${DSN_DIR}/status.json`));
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Returns the text of an app's env file, as the provisioner sees it; undefined where there is none. A container of an earlier
 * version has the files of all apps in one folder.
 */
export async function readDsnFile(stack: RunningStack, app: string): Promise<string | undefined> {
  const container = containerOf(stack, PROVISIONER);
  if (container === undefined) return undefined;
  const read = (path: string) => stack.engine.readFile(container.id, path);
  return (await read(dsnFile(DSN_DIR, app))) ?? (await read(dsnFileInApp(app)));
}

/** Returns the page of each app's issues; nothing where the provisioner has not been through. */
export function issuePagesOf(written: WrittenStatus | undefined, url: string | undefined): Record<string, string> {
  const { organization, apps = {} } = written ?? {};
  if (organization === undefined || url === undefined) return {};
  return Object.fromEntries(
    Object.entries(apps).map(([app, { projectId }]) => [app, issuesPage(url, organization, projectId)]),
  );
}

export const LOST_DSN = "has a DSN, but its file in the volume is gone, and its next start would be without one";

/** Returns the apps that the provisioner gave a DSN whose file is not there any more. */
export async function appsWithLostDsn(stack: RunningStack, written: WrittenStatus | undefined): Promise<string[]> {
  if (containerOf(stack, PROVISIONER) === undefined) return [];
  const lost = await Promise.all(
    Object.keys(written?.apps ?? {}).map(async (app) => ((await readDsnFile(stack, app)) ? [] : [app])),
  );
  return lost.flat();
}

/** Returns whether an app and the server both run, but no network joins them. */
export function isCutOff(stack: RunningStack, app: string): boolean {
  const service = stack.config.services[app];
  if (service === undefined || service.network_mode !== undefined) return false;
  const [container, server] = [containerOf(stack, app), containerOf(stack, SERVER)];
  return (
    container?.state === "running" &&
    server?.state === "running" &&
    !container.networkIds.some((id) => server.networkIds.includes(id))
  );
}

export const STARTED_BEFORE_DSN = "started before its DSN was written and does not know it";

/** An app reads its DSN when it starts: these run since before theirs was written, with an older DSN or with none. */
export function appsStartedBeforeDsn({ containers }: RunningStack, written: WrittenStatus | undefined): string[] {
  return Object.keys(written?.apps ?? {}).filter((app) => {
    const writtenAt = written?.writtenAt?.[app];
    return (
      writtenAt !== undefined &&
      containers.some(
        ({ service, state, sinceMs = Number.POSITIVE_INFINITY }) =>
          service === app && state === "running" && sinceMs < Date.parse(writtenAt),
      )
    );
  });
}

/** A note about rotations that nobody has ended yet. Both keys work meanwhile. */
export function openRotationNotes(written: WrittenStatus | undefined): string[] {
  const { rotating = [] } = written ?? {};
  if (rotating.length === 0) return [];
  return [
    `the key of ${rotating.join(", ")} is being rotated: npx glitchtip-compose rotate continues, rotate --abort goes back`,
  ];
}
