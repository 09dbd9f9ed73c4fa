import { isatty } from "node:tty";
import { CodedError, EXIT } from "../../base/errors.ts";
import { providerOf } from "../../config/provider.ts";
import { resolveServer, serverKind } from "../../config/server.ts";
import { openDocker } from "../../docker/index.ts";
import type { Backlog } from "../../operations/backlog.ts";
import { mebibytes } from "../../operations/backup/folder.ts";
import { backupFolder } from "../../operations/backup/open.ts";
import { type BackupState, backupState } from "../../operations/backup/report.ts";
import { readProject } from "../../operations/project/read.ts";
import { providedState } from "../../operations/provider.ts";
import type { MemoryUse, Resources } from "../../operations/resources.ts";
import { readProgress } from "../../operations/restore/progress.ts";
import type { ServiceStatus } from "../../operations/service-status.ts";
import { type StackStatus, status as statusOf } from "../../operations/status.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { ago, type Colour, type Paint, paintFor, table } from "../screen.ts";

interface Flags {
  readonly watch?: true | string;
}

/** What runs, what the provisioner did, which app has its DSN, and what to do next. */
export const status: CliCommand<Flags> = {
  examples: ["glitchtip-compose status", "glitchtip-compose status --json", "glitchtip-compose status --watch"],
  flags: (command) => command.option("--watch [seconds]", "show it again and again until Ctrl-C; default: every 2 s"),
  async run(context, { watch }) {
    if (watch === undefined) return await once(context, context.print);
    const everyMs = watch === true ? 2_000 : secondsMs(watch);
    const clear = isatty(1) && !context.json ? "\u001b[H\u001b[2J" : "";
    try {
      for (;;) {
        await once(context, (data) => context.print(clear + data));
        await context.clock.sleep(everyMs, context.signal);
      }
    } catch (error) {
      if (!context.signal.aborted) throw error;
      context.setExitCode(EXIT.interrupted);
    }
  },
};

function secondsMs(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) > 0) return Number(text) * 1_000;
  throw new CodedError("GC1001", `--watch ${text}: this is no number of seconds`, { remedy: "Such as --watch 5." });
}

async function once(context: CliContext, print: (data: string) => void): Promise<void> {
  const project = readProject(context.dir, context.env);
  const { declaration, port } = project;
  const backup = backupState(backupFolder(project));
  const restoring = readProgress(context.dir);
  const hasBackups = backup.last !== undefined || declaration.backup?.schedule !== undefined;
  const kind = serverKind(declaration);
  const { server } = kind === "bundled" ? resolveServer(declaration.server) : {};
  const found = await statusOf(openDocker(context), declaration, {
    ...(kind === "none" ? {} : { url: declaration.server.url ?? `http://localhost:${port}` }),
    // Up to 5.2 without Valkey; later workers have a health check.
    jobsInDatabase: server !== undefined && !server.valkey && server.capabilities.worker.aliveFile === undefined,
    nowMs: context.clock.now(),
    resources: true,
    ...(hasBackups && { backup }),
    ...(restoring && { restoring: restoring.backup }),
    provided: (app) =>
      providerOf(declaration, app) === undefined ? "none" : providedState(context.dir, declaration, app),
  });
  print(context.json ? JSON.stringify(found) : text(found, context.clock.now(), paintFor(context)));
  context.setExitCode(found.state === "ok" || found.state === "starting" ? EXIT.done : EXIT.failed);
}

const STATE_COLOURS: Readonly<Record<StackStatus["state"], Colour>> = {
  ok: "good",
  starting: "doubtful",
  "not started": "doubtful",
  broken: "bad",
};

function text(found: StackStatus, nowMs: number, paint: Paint): string {
  const {
    project,
    state,
    url,
    version,
    image,
    services,
    provisioner,
    apps,
    jobs,
    certificate,
    backup,
    resources,
    next,
  } = found;
  const server = [version === undefined ? image : `GlitchTip ${version}`, url].filter(Boolean).join(" at ");
  const parts = [
    `${project}: ${paint(STATE_COLOURS[state], state)}, ${server}`,
    services.length === 0
      ? ""
      : table([
          ["SERVICE", "STATE", "HEALTH", "SINCE", "MEMORY"],
          ...services.map((service) => [
            ...row(service, nowMs, paint),
            memoryText(
              resources?.memory.find((use) => use.service === service.service),
              paint,
            ),
          ]),
        ]),
    apps.length === 0
      ? ""
      : table([
          ["APP", "PROJECT", "DSN", "VARIABLES"],
          ...apps.map(({ app, project: slug = "-", dsn, variables }) => [
            app,
            slug,
            dsn === "none" ? paint("bad", dsn) : dsn,
            variables.join(", "),
          ]),
        ]),
    provisioner === undefined ? "" : `provisioner: ${provisioner.state}, ${ago(Date.parse(provisioner.at), nowMs)} ago`,
    jobs === undefined ? "" : `jobs: ${jobsText(jobs)}`,
    certificate === undefined ? "" : `certificate: ${certificate.verdict.reason}`,
    resources?.disk === undefined ? "" : `disk: ${diskText(resources.disk)}`,
    backup === undefined ? "" : `backup: ${backupText(backup, nowMs)}`,
    next.length === 0 ? "" : ["next:", ...next.map((line) => `  ${line}`)].join("\n"),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function row({ service, state, health, exitCode, sinceMs, problem }: ServiceStatus, nowMs: number, paint: Paint) {
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
    last === undefined ? "none yet" : `${ago(Date.parse(last.at), nowMs)} ago${last.verified ? "" : ", not tried"}`;
  return next === undefined ? made : `${made}; the next one at ${next}`;
}

function jobsText(jobs: Backlog): string {
  if (!jobs.known) return `unknown: ${jobs.reason}`;
  const taken =
    jobs.lastTakenMs === undefined ? "none ever taken" : `the last one taken ${ago(0, jobs.lastTakenMs)} ago`;
  return `${jobs.waiting} waiting, ${taken}`;
}

/** A limit that is near kills before anything else tells. */
function memoryText(use: MemoryUse | undefined, paint: Paint): string {
  if (use === undefined) return "-";
  const shown = `${mebibytes(use.usedBytes)} of ${mebibytes(use.limitBytes)}`;
  return use.usedBytes > 0.9 * use.limitBytes ? paint("bad", shown) : shown;
}

const diskText = ({ databaseBytes, freeBytes, usedPercent }: NonNullable<Resources["disk"]>): string =>
  `the database takes ${mebibytes(databaseBytes)}; ${mebibytes(freeBytes)} are free (${usedPercent} % used)`;
