import { stdout } from "node:process";
import { isatty } from "node:tty";
import { type BackupState, backupFolders, backupState, restoreProgress } from "../../backup/index.ts";
import { formatSize } from "../../base/byte-size.ts";
import { counted } from "../../base/counted.ts";
import { defined } from "../../base/defined.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import { addressAsker, type MemoryUse, type Resources, type StackStatus, stackStatus } from "../../checks/index.ts";
import { providerOf } from "../../config/app-sources.ts";
import { resolveServer, serverKind } from "../../config/server.ts";
import { openDocker } from "../../docker/index.ts";
import { providedDsnState } from "../../provision/index.ts";
import {
  type Backlog,
  NO_QUEUE_TABLE,
  queueInDatabase,
  type ServiceState,
  type ValkeyMemory,
} from "../../running/index.ts";
import { ONE_SHOTS } from "../../stack/service-names.ts";
import {
  browserUrl,
  changedStarts,
  changedStartText,
  discoveryProblem,
  readWorkspace,
  stackFileNames,
  workspaceIdentity,
} from "../../workspace/index.ts";
import { addressTable, type ShownAddresses, serverAddresses } from "../addresses.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { openLiveView } from "../live-view.ts";
import { ago, type Colour, type Paint, paintFor } from "../screen.ts";
import { table } from "../table.ts";
import { wrappedForStdout } from "../wrap.ts";

interface Flags {
  readonly watch?: true | string;
}

export default {
  flags: (command) => command.option("--watch [seconds]", "refresh until Ctrl-C; default: every 2 s"),
  async run(context, { watch }) {
    if (watch === undefined) return await showStatus(context, context.print);
    const everyMs = watch === true ? 2_000 : watchIntervalMs(watch);
    using view =
      isatty(1) && !context.json ? openLiveView(stdout, paintFor(context)("faint", "Ctrl-C ends it")) : undefined;
    const show = view === undefined ? context.print : (text: string) => view.show(text);
    try {
      for (let seen = false; ; seen = true) {
        await watchOnce(context, show, seen);
        await context.clock.sleep(everyMs, context.signal);
      }
    } catch (error) {
      if (!context.signal.aborted) throw error;
      context.setExitCode(EXIT.interrupted);
    }
  },
} satisfies CliCommand<Flags>;

/** Shows the status once. A failure ends the watch only at the first look: later the engine may just restart. */
async function watchOnce(context: CliContext, show: (text: string) => void, seen: boolean): Promise<void> {
  try {
    await showStatus(context, show);
  } catch (error) {
    if (!seen || context.signal.aborted || !(error instanceof CodedError)) throw error;
    context.log.warn(`${error.code}: ${error.message.split("\n")[0]}; looking again`);
  }
}

function watchIntervalMs(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) > 0) return Number(text) * 1_000;
  throw new CodedError("GC1001", `--watch ${text}: this is no number of seconds`, { remedy: "Such as --watch 5." });
}

async function showStatus(context: CliContext, print: (data: string) => void): Promise<void> {
  const project = readWorkspace(context.dir, context.env);
  const { declaration } = project;
  const backup = backupState(...backupFolders(project, context.env));
  const hasBackups = backup.last !== undefined || declaration.backup?.schedule !== undefined;
  const kind = serverKind(declaration);
  const { server } = kind === "bundled" ? resolveServer(declaration.server) : {};
  const docker = openDocker(context);
  const missed = discoveryProblem(project, context.env);
  const starts = await changedStarts(docker, project);
  const found = await stackStatus(docker, declaration, {
    dir: context.dir,
    ...defined({
      url: browserUrl(project),
      jobQueue: queueInDatabase(server),
      backup: hasBackups ? backup : undefined,
      discovery: missed && `${missed.what}: ${missed.fix}`,
      restoring: restoreProgress.read(context.dir)?.backup,
    }),
    identity: workspaceIdentity(project, context.env),
    stackFiles: stackFileNames(project),
    changedStarts: starts.map(changedStartText),
    nowMs: context.clock.now(),
    resources: true,
    ask: addressAsker(context, declaration),
    provided: (app) =>
      providerOf(declaration, app) === undefined ? "none" : providedDsnState(context.dir, declaration, app),
  });
  const { admin } = serverAddresses(project);
  print(
    context.json
      ? JSON.stringify(found)
      : statusText(found, { nowMs: context.clock.now(), paint: paintFor(context), admin }),
  );
  context.setExitCode(found.state === "ok" || found.state === "starting" ? EXIT.done : EXIT.failed);
}

const STATE_COLOURS: Readonly<Record<StackStatus["state"], Colour>> = {
  ok: "good",
  starting: "doubtful",
  "not started": "doubtful",
  broken: "bad",
};

interface View {
  readonly nowMs: number;
  readonly paint: Paint;
  readonly admin?: ShownAddresses["admin"];
}

/** What is shown to a person, from top to bottom. A section without text is left out. */
const SECTIONS: readonly ((found: StackStatus, view: View) => string | undefined)[] = [
  headline,
  servicesTable,
  appsTable,
  details,
  ({ url, apps }, { admin }) => addressTable({ url, admin, apps }) || undefined,
];

/** Single lines below the tables. */
const DETAILS: readonly ((found: StackStatus, view: View) => string | undefined)[] = [
  addressLines,
  ({ provisioner }, { nowMs }) =>
    provisioner && `provisioner: ${provisioner.state}, ${ago(Date.parse(provisioner.at), nowMs)} ago`,
  ({ jobs }) => (jobs === undefined || isElsewhere(jobs) ? undefined : `jobs: ${jobsText(jobs)}`),
  ({ valkey }) => valkey && `valkey: ${valkeyText(valkey)}`,
  ({ certificate }) => certificate && `certificate: ${certificate.verdict.reason}`,
  ({ resources }) => resources?.disk && `disk: ${diskText(resources.disk)}`,
  ({ backup }, { nowMs }) => backup && `backup: ${backupText(backup, nowMs)}`,
];

function details(found: StackStatus, view: View): string | undefined {
  return DETAILS.flatMap((line) => line(found, view) ?? []).join("\n") || undefined;
}

export const statusText = (found: StackStatus, view: View): string =>
  SECTIONS.flatMap((section) => section(found, view) ?? []).join("\n\n");

const VERDICTS: Readonly<Record<StackStatus["state"], string>> = {
  ok: "everything runs",
  starting: "it is starting",
  "not started": "nothing runs yet",
  broken: "something needs attention",
};

/** Returns the verdict and, right below it, what to do. */
function headline({ project, state, version, image, next }: StackStatus, { paint }: View): string {
  const server = version === undefined ? image : `GlitchTip ${version}`;
  const shown = paint(STATE_COLOURS[state], state);
  const verdict = `${project}: ${shown}, ${VERDICTS[state]}${server === undefined ? "" : ` (${server})`}`;
  return wrappedForStdout([verdict, ...next.map((line) => `  → ${line}`)].join("\n"));
}

/** One-shots that have done their part share a row. */
function servicesTable({ services, resources }: StackStatus, view: View): string | undefined {
  if (services.length === 0) return undefined;
  const isDone = ({ service, exitCode, problem }: ServiceState) =>
    ONE_SHOTS.includes(service) && exitCode === 0 && problem === undefined;
  const done = services.filter(isDone).map(({ service }) => service);
  const rows = services
    .filter((service) => !isDone(service))
    .map((service) => {
      const use = resources?.memory.find((one) => one.service === service.service);
      return [...serviceRow(service, view), memoryText(use, view.paint)];
    });
  const shown = table([["SERVICE", "STATE", "HEALTH", "SINCE", "MEMORY"], ...rows]);
  return done.length === 0 ? shown : `${shown}\ndone: ${done.join(", ")}`;
}

function appsTable({ apps }: StackStatus, { paint }: View): string | undefined {
  if (apps.length === 0) return undefined;
  const rows = apps.map(({ app, project: slug = "-", dsn, provedFor, variables, dotenv }) => [
    app,
    slug,
    dsn === "none" ? paint("bad", dsn) : provedFor === undefined ? dsn : `${dsn} for ${provedFor}s`,
    variables.join(", ") + (dotenv === undefined ? "" : ` in ${dotenv}`),
  ]);
  return table([["APP", "PROJECT", "DSN", "VARIABLES"], ...rows]);
}

function addressLines({ addresses }: StackStatus, { paint }: View): string | undefined {
  return addresses
    ?.map(({ audience, url, problem, of }) =>
      problem === undefined
        ? `DSNs for ${audience}: ${url} ${of === undefined ? "answers" : `is an address of ${of}, and was not asked`}`
        : paint("bad", `DSNs for ${audience}: ${url} does not answer from here (${problem})`),
    )
    .join("\n");
}

function serviceRow({ service, state, health, exitCode, sinceMs, problem }: ServiceState, { nowMs, paint }: View) {
  const shown = exitCode === undefined ? state : `${state} (${exitCode})`;
  return [
    service,
    problem === undefined ? shown : paint("bad", shown),
    health ?? "-",
    sinceMs === undefined ? "-" : ago(sinceMs, nowMs),
  ];
}

function backupText({ last, next }: BackupState, nowMs: number): string {
  const made =
    last === undefined ? "none yet" : `${ago(Date.parse(last.at), nowMs)} ago${last.verified ? "" : ", not verified"}`;
  return next === undefined ? made : `${made}; the next one at ${next}`;
}

function valkeyText({ usedBytes, limitBytes, waiting }: ValkeyMemory): string {
  const jobs = waiting === undefined ? "" : `, ${counted(waiting, "job")} waiting`;
  return `${formatSize(usedBytes)} of ${formatSize(limitBytes)}${jobs}`;
}

const isElsewhere = (jobs: Backlog): boolean => !jobs.known && jobs.reason === NO_QUEUE_TABLE;

function jobsText(jobs: Backlog): string {
  if (!jobs.known) return `unknown: ${jobs.reason}`;
  if (jobs.waiting === 0 && jobs.lastTakenMs === undefined) return "none waiting";
  if (jobs.oldestMs !== undefined) return `${jobs.waiting} waiting, the oldest for ${ago(0, jobs.oldestMs)}`;
  const taken =
    jobs.lastTakenMs === undefined ? "none ever taken" : `the last one taken ${ago(0, jobs.lastTakenMs)} ago`;
  return `${jobs.waiting} waiting, ${taken}`;
}

/** Returns the memory in use and its limit, marked where the limit is near: reaching it kills the container. */
function memoryText(use: MemoryUse | undefined, paint: Paint): string {
  if (use === undefined) return "-";
  if (!use.limited) return `${formatSize(use.usedBytes)} (no limit)`;
  const shown = `${formatSize(use.usedBytes)} of ${formatSize(use.limitBytes)}`;
  return use.usedBytes > 0.9 * use.limitBytes ? paint("bad", shown) : shown;
}

const diskText = ({ databaseBytes, freeBytes, usedPercent }: NonNullable<Resources["disk"]>): string =>
  `the database takes ${formatSize(databaseBytes)}; ${formatSize(freeBytes)} are free (${usedPercent} % used)`;
