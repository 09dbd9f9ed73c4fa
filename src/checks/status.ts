import { type BackupState, backupProblems } from "../backup/index.ts";
import { givenApps, providedName, providerOf, provisionedApps } from "../config/app-sources.ts";
import { namesOf } from "../config/framework-presets.ts";
import type { Declaration } from "../config/schema.ts";
import type { Docker } from "../docker/index.ts";
import type { JobQueue } from "../glitchtip/versions.ts";
import type { AppStatus, Status, WrittenStatus } from "../outputs/dsn-volume.ts";
import {
  appsStartedBeforeDsn,
  type Backlog,
  databaseContainerOf,
  observeStack,
  openRotationNotes,
  provisionerStatus,
  type RunningStack,
  readBacklog,
  type ServiceState,
  STARTED_BEFORE_DSN,
  serviceStates,
} from "../running/index.ts";
import { PROVISIONER, SERVER, WORKER } from "../stack/service-names.ts";
import { type CertificateStatus, certificateStatus } from "./production/certificate-status.ts";
import { diskProblems, type Resources, readResources } from "./resources.ts";

/** How the whole project is: `broken` where somebody has to do something. */
export interface StackStatus {
  readonly project: string;
  readonly state: "ok" | "starting" | "not started" | "broken";
  readonly url?: string;
  /** What the server says of itself; undefined where it was built without a version. */
  readonly version?: string;
  readonly image?: string;
  readonly services: readonly ServiceState[];
  /** What the provisioner wrote last; undefined before its first run. */
  readonly provisioner?: Omit<Status, "apps"> & { readonly at: string };
  readonly apps: readonly AppState[];
  /** Jobs that wait for the worker, where the generation keeps them in the database. */
  readonly jobs?: Backlog;
  /** In production: what browsers are shown. */
  readonly certificate?: CertificateStatus;
  /** Where there are any, or should be. */
  readonly backup?: BackupState;
  /** What it takes of the machine; where that was asked for. */
  readonly resources?: Resources;
  /** What to type or look at, the most urgent first. */
  readonly next: readonly string[];
}

export interface AppState {
  readonly app: string;
  /** None where its DSN is the user's own. */
  readonly project?: string;
  /**
   * `proved`: an event went through; `accepted`: only the key was asked; `none`: never got one. Of the user's own:
   * `given`, or `off` where it is empty.
   */
  readonly dsn: AppStatus["dsn"] | "none" | "given" | "off";
  readonly variables: readonly string[];
}

export async function status(
  docker: Docker,
  declaration: Declaration,
  options: {
    readonly url?: string;
    /** How jobs are kept in the database; undefined where they are elsewhere. */
    readonly jobQueue?: JobQueue;
    readonly nowMs: number;
    readonly backup?: BackupState;
    /** Also ask for memory and disk. */
    readonly resources?: boolean;
    /** Path of the backup whose restore was interrupted. */
    readonly restoring?: string;
    /** Of an app with a Compose provider, whose memory is on this machine. */
    provided?(app: string): AppState["dsn"];
  },
): Promise<StackStatus> {
  const stack = await observeStack(docker);
  const [written, certificate, jobs, resources] = await Promise.all([
    provisionerStatus(stack),
    declaration.production && certificateStatus(docker, declaration, stack, options.nowMs),
    options.jobQueue && readBacklog(docker, databaseContainerOf(stack), options.jobQueue, options.nowMs),
    options.resources ? readResources(docker, stack) : undefined,
  ]);
  const services = serviceStates(stack);
  const image = stack.config.services[SERVER]?.image;
  const { apps: known = {}, writtenAt: _, ...provisioner } = written ?? {};
  const apps = Object.entries(provisionedApps(declaration)).map(([app, declared]) => ({
    app,
    project: known[app]?.project ?? declared.project,
    dsn: known[app]?.dsn ?? options.provided?.(app) ?? ("none" as const),
    variables: namesOf(declared).map((name) => nameFor(declaration, app, name)),
  }));
  const given = Object.entries(givenApps(declaration)).map(([app, declared]) => {
    const names = namesOf(declared);
    const set = names.some((name) => stack.config.services[app]?.environment?.[name]);
    return { app, dsn: set ? ("given" as const) : ("off" as const), variables: names };
  });
  const { backup } = options;
  const ofBackup = backup === undefined ? [] : backupProblems(backup, options.nowMs);
  const { restoring } = options;
  const interrupted =
    restoring === undefined
      ? []
      : [`a restore was interrupted: npx glitchtip-compose restore ${restoring}, or restore --abort`];
  const next = [
    ...interrupted,
    ...nextSteps({ stack, services, written, apps, jobs, certificate }),
    ...ofBackup,
    ...(resources === undefined ? [] : diskProblems(resources)),
  ];
  return {
    project: stack.config.name,
    state: stack.containers.length === 0 ? "not started" : next.length > 0 ? "broken" : settling(services),
    ...(options.url === undefined ? {} : { url: options.url }),
    ...versionOf(written),
    ...(image === undefined ? {} : { image }),
    services,
    ...(written === undefined ? {} : { provisioner: provisioner as Omit<typeof written, "apps"> }),
    apps: [...apps, ...given],
    ...(jobs === undefined ? {} : { jobs }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(backup === undefined ? {} : { backup }),
    ...(resources === undefined ? {} : { resources }),
    next: stack.containers.length === 0 ? ["docker compose up -d --wait"] : [...next, ...openRotationNotes(written)],
  };
}

function nameFor(declaration: Declaration, app: string, variable: string): string {
  const provider = providerOf(declaration, app);
  return provider === undefined ? variable : providedName(provider, variable);
}

/** A build without a version says 0.0.0-unknown (readiness scenario). */
function versionOf(written: Status | undefined): { version?: string } {
  const version = written?.server?.version;
  return version === undefined || /^0\.0\.0|^unknown$/.test(version) ? {} : { version };
}

const settling = (services: readonly ServiceState[]): "starting" | "ok" =>
  services.some(({ health, state }) => health === "starting" || state === "created") ? "starting" : "ok";

interface Seen {
  readonly stack: RunningStack;
  readonly services: readonly ServiceState[];
  readonly written: WrittenStatus | undefined;
  readonly apps: readonly AppState[];
  readonly jobs: Backlog | undefined;
  readonly certificate: CertificateStatus | undefined;
}

function nextSteps({ stack, services, written, apps, jobs, certificate }: Seen): string[] {
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
    ...appsStartedBeforeDsn(stack, written).map((app) => `${app} ${STARTED_BEFORE_DSN}: docker compose restart ${app}`),
    ...(certificate?.verdict.state === "fail"
      ? [`the certificate: ${certificate.verdict.reason}: ${certificate.verdict.remedy}`]
      : []),
    ...(jobs?.stuck ? [`${jobs.waiting} jobs wait and none is taken: docker compose restart ${worker}`] : []),
  ];
}
