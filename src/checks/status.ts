import { type BackupState, backupProblems } from "../backup/index.ts";
import { defined } from "../base/defined.ts";
import { hasAudience } from "../config/framework-presets.ts";
import type { Declaration } from "../config/schema.ts";
import type { Docker } from "../docker/index.ts";
import type { JobQueue } from "../glitchtip/versions.ts";
import type { Status, WrittenStatus } from "../outputs/dsn-volume.ts";
import {
  appsStartedBeforeDsn,
  appsStartedWithoutOurs,
  appsWithLostDsn,
  type Backlog,
  causeOf,
  claimProblems,
  FREE_VALKEY,
  isCutOff,
  issuePagesOf,
  jobQueueOf,
  LOST_DSN,
  observeClaims,
  observeStack,
  openRotationNotes,
  outdatedDotenvFiles,
  provisionerStatus,
  RECREATE_INTERRUPTED,
  RUNS_OTHER,
  type RunningStack,
  readBacklog,
  readValkeyMemory,
  type ServiceState,
  STARTED_BEFORE_DSN,
  STARTED_WITHOUT_OURS,
  serviceStates,
  type ValkeyMemory,
  valkeyProblem,
  type WorkspaceIdentity,
} from "../running/index.ts";
import { INIT, ONE_SHOTS, PROVISIONER, SERVER, WORKER } from "../stack/service-names.ts";
import { type AppDsnState, givenAppStates, missingDsns, provisionedAppStates } from "./app-dsns.ts";
import { type AskAddress, type AudienceAddress, addressNotice, audienceAddresses } from "./audience-addresses.ts";
import { type CertificateStatus, certificateStatus } from "./production/certificate-status.ts";
import { diskProblems, type Resources, readResources } from "./resources.ts";

/** The state of the whole stack. It is `broken` where somebody has to do something. */
export interface StackStatus extends StatusLines {
  /** Name of the Compose project. */
  readonly project: string;
  readonly state: "ok" | "starting" | "not started" | "broken";
  readonly url?: string;
  /** The version that the server states; missing for a build without one. */
  readonly version?: string;
  readonly image?: string;
  readonly services: readonly ServiceState[];
  /** What the provisioner wrote last; missing before its first run. */
  readonly provisioner?: Omit<Status, "apps"> & { readonly at: string };
  readonly apps: readonly AppDsnState[];
  /** What to type or look at, the most urgent first. */
  readonly next: readonly string[];
}

export interface StatusOptions {
  /** The workspace's folder. */
  readonly dir: string;
  readonly url?: string;
  /** How jobs are kept in the database; missing where they are elsewhere. */
  readonly jobQueue?: JobQueue;
  readonly nowMs: number;
  readonly backup?: BackupState;
  /** Whether memory and disk are read. */
  readonly resources?: boolean;
  /** What the images of apps say of their start, where our files restate an older one. */
  readonly changedStarts?: readonly string[];
  /** The names that our Compose file may have in labels of containers. */
  readonly stackFiles?: readonly string[];
  /** What keeps Compose from finding our file in this folder, with the command. */
  readonly discovery?: string;
  /** Path of the backup whose restore was interrupted. */
  readonly restoring?: string;
  /** Compared with the labels of what is on the engine. */
  readonly identity?: WorkspaceIdentity;
  /** Asks an address for the host or the public; left out, none is asked. */
  readonly ask?: AskAddress;
  /** Returns the state of an app with a Compose provider, which is stored on this machine. */
  provided?(app: string): AppDsnState["dsn"];
}

/** The lines that depend on the stack. Each is missing where it does not apply. */
interface StatusLines {
  /** The certificate that browsers get, in production. */
  readonly certificate?: CertificateStatus;
  /** Jobs that wait for the worker, where the generation keeps them in the database. */
  readonly jobs?: Backlog;
  /** What Valkey holds, where the stack has one with a limit. */
  readonly valkey?: ValkeyMemory;
  readonly backup?: BackupState;
  readonly resources?: Resources;
  /** The addresses in DSNs that are not for containers, each asked from this machine. */
  readonly addresses?: readonly AudienceAddress[];
}

interface LineContext {
  readonly docker: Docker;
  readonly declaration: Declaration;
  readonly stack: RunningStack;
  readonly options: StatusOptions;
}

/** Reads a line and finds what somebody has to do. Returns undefined where the line does not apply. */
type ReadLine<T> = (
  context: LineContext,
) => Promise<{ readonly value: T; readonly problems: readonly string[] } | undefined>;

/** `problems` returns what somebody has to do, each with the command. */
function line<T>(
  read: (context: LineContext) => Promise<T | undefined> | T | undefined,
  problems: (value: T, context: LineContext) => string[],
): ReadLine<T> {
  return async (context) => {
    const value = await read(context);
    return value === undefined ? undefined : { value, problems: problems(value, context) };
  };
}

/** One row for each line. Its text for people is one more row of SECTIONS in src/cli/commands/status.ts. */
const LINES: { readonly [Name in keyof StatusLines]-?: ReadLine<NonNullable<StatusLines[Name]>> } = {
  certificate: line(
    ({ docker, declaration, stack, options }) =>
      declaration.production && certificateStatus(docker, declaration, stack, options.nowMs),
    ({ verdict: { state, reason, remedy } }) => (state === "fail" ? [`the certificate: ${reason}: ${remedy}`] : []),
  ),
  jobs: line(
    ({ docker, stack, options: { jobQueue, nowMs } }) => jobQueue && readBacklog(docker, stack, jobQueue, nowMs),
    (jobs, { stack }) => {
      const worker = WORKER in stack.config.services ? WORKER : SERVER;
      return jobs.known && jobs.problem !== undefined ? [`${jobs.problem}: docker compose restart ${worker}`] : [];
    },
  ),
  valkey: line(
    ({ docker, stack, declaration }) => readValkeyMemory(docker, stack, jobQueueOf(declaration)),
    (found) => {
      const problem = valkeyProblem(found);
      return problem === undefined ? [] : [`${problem}: ${FREE_VALKEY}`];
    },
  ),
  backup: line(
    ({ options }) => options.backup,
    (backup, { options }) => backupProblems(backup, options.nowMs),
  ),
  resources: line(
    ({ docker, stack, options }) => (options.resources ? readResources(docker, stack) : undefined),
    diskProblems,
  ),
  addresses: line(
    async ({ docker, declaration, stack, options: { ask } }) => {
      const found = ask === undefined ? [] : await audienceAddresses(docker, declaration, stack, ask);
      return found.length === 0 ? undefined : found;
    },
    // A public address may answer everywhere but on its own host, so that one is only a note.
    (found) => found.flatMap((one) => (one.audience === "host" ? (addressNotice(one) ?? []) : [])),
  ),
};

export async function stackStatus(
  docker: Docker,
  declaration: Declaration,
  options: StatusOptions,
): Promise<StackStatus> {
  const stack = await observeStack(docker);
  const context = { docker, declaration, stack, options };
  const names = Object.keys(LINES) as (keyof StatusLines)[];
  const [claims, provisioned, dotenv, ...lines] = await Promise.all([
    foreignStackProblems(stack, options),
    provisionerStatus(stack).then(async (found) => ({ found, lost: await appsWithLostDsn(stack, found) })),
    outdatedDotenvFiles(options.dir, declaration, stack),
    ...names.map((name) => LINES[name](context)),
  ]);
  const { found: written, lost } = provisioned;
  const services = serviceStates(stack);
  const apps = provisionedAppStates(declaration, written, options);
  const cutOff = Object.entries(declaration.apps).flatMap(([app, declared]) =>
    hasAudience(declared, "container") && isCutOff(stack, app) ? [app] : [],
  );
  const pages = issuePagesOf(written, options.url);
  const problems = [
    ...claims,
    ...interruptedRestore(options),
    ...discoveryProblems(stack, declaration, options),
    ...serviceProblems(stack, services, written, apps),
    ...lost.map((app) => `${app} ${LOST_DSN}: docker compose up -d --wait`),
    ...cutOff.map((app) => `${app} shares no network with ${SERVER}: docker compose up -d --wait ${app}`),
    ...dotenv.map(({ path }) => `${path} does not hold its program's current DSN: npx glitchtip-compose up`),
    ...(options.changedStarts ?? []).map((text) => `${text}: npx glitchtip-compose up`),
    ...lines.flatMap((line) => line?.problems ?? []),
  ];
  const isStarted = stack.containers.length > 0;
  const values = Object.fromEntries(
    names.flatMap((name, i) => (lines[i] === undefined ? [] : [[name, lines[i].value]])),
  );
  const notes = [...openRotationNotes(written), ...publicNotes(values)];
  const running = problems.length > 0 ? "broken" : settling(services);
  return {
    project: stack.config.name,
    state: isStarted || claims.length > 0 ? running : "not started",
    ...defined({
      url: options.url,
      version: statedVersion(written),
      image: stack.config.services[SERVER]?.image,
      services,
      provisioner: withoutApps(written),
      apps: [
        ...apps.map((app) => ({ ...app, ...defined({ issues: pages[app.app] }) })),
        ...givenAppStates(declaration, stack),
      ],
    }),
    ...values,
    next: isStarted ? [...problems, ...notes] : claims.length > 0 ? claims : ["docker compose up -d --wait"],
  };
}

const publicNotes = ({ addresses = [] }: StatusLines): string[] =>
  addresses.flatMap((one) => (one.audience === "public" ? (addressNotice(one) ?? []) : []));

async function foreignStackProblems({ engine, config }: RunningStack, { identity }: StatusOptions): Promise<string[]> {
  if (identity === undefined) return [];
  const own = { ...identity, project: config.name };
  return claimProblems(own, await observeClaims(engine, own)).map(({ what, fix }) => `${what}: ${fix}`);
}

function discoveryProblems(
  stack: RunningStack,
  { apps }: Declaration,
  { discovery, stackFiles }: StatusOptions,
): string[] {
  const without = stackFiles === undefined ? [] : appsStartedWithoutOurs(stack, Object.keys(apps), stackFiles);
  return [
    ...(discovery === undefined ? [] : [discovery]),
    ...without.map((app) => `${app} ${STARTED_WITHOUT_OURS}: docker compose up -d --wait`),
  ];
}

function withoutApps(written: WrittenStatus | undefined): StackStatus["provisioner"] {
  if (written === undefined) return undefined;
  const { apps: _, writtenAt: __, ...provisioner } = written;
  return provisioner;
}

/** A build without a version states 0.0.0-unknown (scenario `readiness` of the recordings). */
function statedVersion(written: Status | undefined): string | undefined {
  const version = written?.server?.version;
  return version === undefined || /^0\.0\.0|^unknown$/.test(version) ? undefined : version;
}

const settling = (services: readonly ServiceState[]): "starting" | "ok" =>
  services.some(
    ({ service, health, state }) =>
      health === "starting" || state === "created" || (state === "running" && ONE_SHOTS.includes(service)),
  )
    ? "starting"
    : "ok";

const interruptedRestore = ({ restoring }: StatusOptions): string[] =>
  restoring === undefined
    ? []
    : [`a restore was interrupted: npx glitchtip-compose restore ${restoring}, or restore --abort`];

const START = "docker compose up -d --wait";

function serviceProblems(
  stack: RunningStack,
  services: readonly ServiceState[],
  written: WrittenStatus | undefined,
  apps: readonly AppDsnState[],
): string[] {
  const broken = services.filter(({ problem }) => problem !== undefined);
  const provisionerRuns = services.some(({ service, state }) => service === PROVISIONER && state !== "exited");
  return [
    ...broken.map((one) => `${one.service} ${one.problem}: ${whatToDo(stack, one)}`),
    ...(written?.error === undefined ? [] : [`the provisioner says ${written.error.code}: ${written.error.message}`]),
    ...(provisionerRuns || broken.some(({ service }) => service === PROVISIONER) ? [] : missingDsns(apps)),
    ...appsStartedBeforeDsn(stack, written).map((app) => `${app} ${STARTED_BEFORE_DSN}: docker compose restart ${app}`),
  ];
}

/** Returns the command for a broken service, or what it waits for. */
function whatToDo({ containers }: RunningStack, { service, problem, state }: ServiceState): string {
  const restarted = state === "missing" || state === "created" || problem === "is stopped";
  if (restarted || problem === RECREATE_INTERRUPTED || problem?.startsWith(RUNS_OTHER)) return START;
  const causes = containers.filter((one) => one.service === service).map((one) => causeOf(one, containers));
  const cause = causes.find((one) => one !== undefined);
  if (cause !== undefined) return `waits for ${cause}`;
  const log = `docker compose logs --tail 50 ${service}`;
  return service === INIT ? `${log}, then ${START}` : log;
}
