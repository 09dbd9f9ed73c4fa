import { agreeing, counted, countedDoing, timesText } from "../../base/counted.ts";
import type { ComposeConfig } from "../../compose/model.ts";
import { hasAudience } from "../../config/framework-presets.ts";
import type { Declaration } from "../../config/schema.ts";
import { ownServices, resolveServer } from "../../config/server.ts";
import type { Container, Docker, Engine } from "../../docker/index.ts";
import {
  appsStartedBeforeDsn,
  appsStartedWithoutOurs,
  appsWithLostDsn,
  byStart,
  causeOf,
  claimProblems,
  containerProblem,
  databaseOutsideVolumes,
  dividedByRecreation,
  FREE_VALKEY,
  isCutOff,
  jobQueueOf,
  LOST_DSN,
  NEVER_STARTED,
  observeClaims,
  otherImage,
  provisionerStatus,
  queueInDatabase,
  RECREATE_INTERRUPTED,
  type RunningStack,
  readBacklog,
  readValkeyMemory,
  STARTED_BEFORE_DSN,
  STARTED_WITHOUT_OURS,
  serviceStates,
  valkeyProblem,
  type WorkspaceIdentity,
} from "../../running/index.ts";
import { DATABASE, INIT, isStackService, SERVER, VALKEY, WORKER } from "../../stack/service-names.ts";
import { certificateStatus } from "../production/certificate-status.ts";
import { RESTART_WORKER } from "../production/point.ts";
import type { Machine } from "./doctor.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** Checks that the host names in the DSNs resolve where they are used. */
export async function checkNames(
  declaration: Declaration,
  config: ComposeConfig,
  stack: RunningStack | undefined,
  machine: Machine,
): Promise<Finding[]> {
  const apps = Object.entries(declaration.apps).flatMap(([app, declared]) =>
    hasAudience(declared, "container") ? checkApp(app, config, stack) : [],
  );
  return [...apps, ...(await checkUrl(declaration.server.url, machine))];
}

function checkApp(app: string, config: ComposeConfig, stack: RunningStack | undefined): Finding[] {
  const service = config.services[app];
  // Without a server in this stack there is no service name to reach.
  if (service === undefined || service.network_mode === "host" || !(SERVER in config.services)) return [];
  const networks = Object.keys(service.networks ?? {});
  const common = networks.filter((name) => name in (config.services[SERVER]?.networks ?? {}));
  if (common.length === 0) {
    const fix = `npx glitchtip-compose init; no Compose file after ours may take networks from ${app}.`;
    return [fail("names", `${app} does not know the name ${SERVER}: they share no network`, fix)];
  }
  if (stack !== undefined && isCutOff(stack, app)) {
    return [
      fail(
        "names",
        `the running ${app} shares no network with ${SERVER}: it is older than the files`,
        `docker compose up -d --wait ${app}`,
      ),
    ];
  }
  return [ok("names", `${app} reaches ${SERVER} by network ${common.join(", ")}`)];
}

async function checkUrl(url: string | undefined, machine: Machine): Promise<Finding[]> {
  if (url === undefined) return [];
  const { hostname } = new URL(url);
  if (await machine.resolves(hostname.replace(/^\[|\]$/g, ""))) return [ok("names", `${hostname} resolves`)];
  return [
    warn(
      "names",
      `${hostname} (server.url) does not resolve on this machine`,
      "Add it to your DNS, or correct server.url.",
    ),
  ];
}

/** Finds what on the engine belongs to another folder or workspace, and data of this workspace under another name. */
export async function checkOwner(engine: Engine, identity: WorkspaceIdentity): Promise<Finding[]> {
  const claims = await observeClaims(engine, identity);
  const findings = [
    ...claimProblems(identity, claims).map(({ what, fix }) => fail("owner", what, fix)),
    ...claims.elsewhere.map(({ project }) =>
      warn(
        "owner",
        `data of this workspace is in the Compose project ${project}, not in ${identity.project}`,
        `To use it: COMPOSE_PROJECT_NAME=${project} in .env`,
      ),
    ),
  ];
  return findings.length > 0
    ? findings
    : [ok("owner", `the Compose project ${identity.project} is this workspace's own`)];
}

const START = "docker compose up -d --wait";

/** A worker with Celery takes a job off its queue before its event is stored (docs/sizing.md, "What a killed process may lose"). */
const LOSES_EVENTS: readonly string[] = [WORKER, DATABASE, VALKEY];

/** The exit code of templates/init/gate.py where the database refuses the password. */
const REFUSED = 77;

const raiseMemory = (service: string): string =>
  `mem_limit of ${service} in a Compose file of your own, then: ${START}`;

function brokenContainer(
  container: Container,
  problem: string,
  declaration: Declaration | undefined,
  containers: readonly Container[],
): Finding {
  const { service, name, state, oomKilled, exitCode } = container;
  const what = `${name} ${problem}`;
  if (state === "created") return fail("containers", what, `Once its cause is fixed: ${START}`);
  if (exitCode === REFUSED && isStackService(service)) {
    const isOwn = declaration !== undefined && ownServices(declaration.server).database !== undefined;
    const fix = isOwn
      ? "Put its password into server.database.url."
      : "npx glitchtip-compose secrets rotate db-password";
    return fail("containers", `${what}: the database has another password than the stack`, fix);
  }
  if (oomKilled || exitCode === KILLED) return fail("containers", what, `Raise ${raiseMemory(service)}`);
  const cause = causeOf(container, containers);
  if (cause !== undefined) return fail("containers", `${what}: it waits for ${cause}`, `First fix ${cause}.`);
  const log = `docker compose logs --tail 50 ${service}`;
  return fail("containers", what, service === INIT ? `${log} shows why; then: ${START}` : log);
}

function containerFindings(
  container: Container,
  declaration: Declaration | undefined,
  containers: readonly Container[],
): Finding[] {
  const queue = declaration && jobQueueOf(declaration);
  const { service, name, state, restarts } = container;
  const raise = raiseMemory(service);
  const problem = containerProblem(container) ?? (state === "created" ? NEVER_STARTED : undefined);
  if (problem !== undefined) return [brokenContainer(container, problem, declaration, containers)];
  if (restarts === 0 || !isStackService(service)) return [];
  // The engine forgets why: a process that was killed for memory and restarted looks like any other.
  const lost = queue === "celery" && LOSES_EVENTS.includes(service);
  const loss = lost ? "; events that GlitchTip had accepted just before may be lost" : "";
  // The engine begins the count anew with each start by hand (run: docker compose restart, Engine 28.5).
  const what = `${name} ended and was restarted ${timesText(restarts)} since it was started${loss}`;
  const fix = `docker compose logs ${service} shows the reason. If it shows none, the process was killed. If that was for lack of memory, raise ${raise}. The count begins again when the container is next started, which ends this warning.`;
  return [warn("containers", what, fix)];
}

function imageFindings({ config }: RunningStack, container: Container): Finding[] {
  const other = otherImage(config, container);
  return other === undefined ? [] : [fail("containers", `${container.name} ${other}`, START)];
}

/** `up --wait` fails for a container that ends, unless a service waits for its end. */
function endedJobFindings({ config: { services } }: RunningStack, { service, name, state, exitCode }: Container) {
  const isWaitedFor = Object.values(services).some(
    ({ depends_on }) => depends_on?.[service]?.condition === "service_completed_successfully",
  );
  if (state !== "exited" || exitCode !== 0 || isStackService(service) || isWaitedFor) return [];
  const fix = `Let a service wait for it: depends_on: {${service}: {condition: service_completed_successfully}}`;
  return [warn("containers", `${name} has ended, which docker compose up --wait takes for a failure`, fix)];
}

/** The exit code of a process that was killed, mostly for lack of memory. */
const KILLED = 137;

/**
 * Finds containers that do not work, also those that lost a process to the kernel's out-of-memory killer and run on. They come
 * in the order of the start, so that the cause stands before what waits for it.
 */
export function checkContainers(stack: RunningStack, declaration?: Declaration): Finding[] {
  if (stack.containers.length === 0) return [ok("containers", "the project is not started")];
  const missing = serviceStates(stack).filter(({ state }) => state === "missing");
  const { interrupted, others } = dividedByRecreation(stack.containers);
  const broken = [
    ...others.map((one) => ({
      service: one.service,
      findings: interrupted.includes(one.service)
        ? [fail("containers", `${one.service} ${RECREATE_INTERRUPTED}`, START)]
        : [
            ...containerFindings(one, declaration, stack.containers),
            ...imageFindings(stack, one),
            ...endedJobFindings(stack, one),
          ],
    })),
    ...missing.map(({ service }) => ({
      service,
      findings: [fail("containers", `${service} has no container`, START)],
    })),
  ]
    .sort((a, b) => byStart(a.service, b.service))
    .flatMap(({ findings }) => findings);
  return broken.length > 0
    ? broken
    : [
        ok(
          "containers",
          `${counted(stack.containers.length, "container")} ${agreeing(stack.containers.length, "is", "are")} in the expected state`,
        ),
      ];
}

/** Finds apps that run without our Compose file. */
export const checkStartedFiles = (
  stack: RunningStack,
  { apps }: Declaration,
  stackFiles: readonly string[],
): Finding[] =>
  appsStartedWithoutOurs(stack, Object.keys(apps), stackFiles).map((app) =>
    fail("containers", `${app} ${STARTED_WITHOUT_OURS}`, "docker compose up -d --wait"),
  );

/** Finds what only the provisioner's status file tells: apps that run without their DSN, and a rotation that is open. */
export async function checkDsns(stack: RunningStack): Promise<Finding[]> {
  const written = await provisionerStatus(stack);
  return [
    ...(await appsWithLostDsn(stack, written)).map((app) => fail("dsn", `${app} ${LOST_DSN}`, START)),
    ...appsStartedBeforeDsn(stack, written).map((app) =>
      warn("dsn", `${app} ${STARTED_BEFORE_DSN}`, `docker compose restart ${app}`),
    ),
    ...(written?.rotating ?? []).map((project) =>
      warn(
        "rotation",
        `the key of ${project} is being rotated, and the rotation has not finished`,
        "npx glitchtip-compose rotate continues, rotate --abort goes back",
      ),
    ),
  ];
}

/** Finds what no health check shows: a worker that takes no jobs, data that is not kept, a certificate not renewed. */
export async function checkServing(
  docker: Docker,
  declaration: Declaration,
  stack: RunningStack,
  nowMs: number,
): Promise<Finding[]> {
  if (stack.containers.length === 0) return [];
  return (
    await Promise.all([
      queueFindings(docker, declaration, stack, nowMs),
      dataFindings(docker, stack),
      valkeyFindings(docker, stack),
      certificateFindings(docker, declaration, stack, nowMs),
    ])
  ).flat();
}

async function queueFindings(docker: Docker, { server: declared }: Declaration, stack: RunningStack, nowMs: number) {
  const { server } = resolveServer(declared);
  const kept = queueInDatabase(server);
  if (kept === undefined) return [];
  const jobs = await readBacklog(docker, stack, kept, nowMs);
  if (!jobs.known) return [];
  return jobs.problem === undefined
    ? [ok("queue", countedDoing(jobs.waiting, "job", "wait"))]
    : [fail("queue", jobs.problem, RESTART_WORKER)];
}

async function dataFindings(docker: Docker, stack: RunningStack): Promise<Finding[]> {
  const lost = await databaseOutsideVolumes(docker, stack);
  if (lost === undefined) return [];
  const what = `Postgres keeps its data in ${lost}, which is in no volume of this stack: that data is gone after docker compose down`;
  const fix = `npx glitchtip-compose backup create; npx glitchtip-compose init; ${START}; npx glitchtip-compose restore latest`;
  return [fail("data", what, fix)];
}

async function valkeyFindings(docker: Docker, stack: RunningStack): Promise<Finding[]> {
  const found = await readValkeyMemory(docker, stack);
  const problem = found && valkeyProblem(found);
  return problem === undefined ? [] : [fail("valkey", problem, FREE_VALKEY)];
}

async function certificateFindings(docker: Docker, declaration: Declaration, stack: RunningStack, nowMs: number) {
  const found = await certificateStatus(docker, declaration, stack, nowMs);
  if (found === undefined) return [];
  const { state, reason, remedy = "" } = found.verdict;
  if (state === "pass") return [ok("certificate", reason)];
  return [state === "fail" ? fail("certificate", reason, remedy) : warn("certificate", reason, remedy)];
}
