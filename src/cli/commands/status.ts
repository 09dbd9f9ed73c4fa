import { EXIT } from "../../base/errors.ts";
import { providerOf } from "../../config/provider.ts";
import { resolveServer, serverKind } from "../../config/server.ts";
import { openDocker } from "../../docker/index.ts";
import type { Backlog } from "../../operations/backlog.ts";
import { backupFolder } from "../../operations/backup/open.ts";
import { type BackupState, backupState } from "../../operations/backup/report.ts";
import { readProject } from "../../operations/project/read.ts";
import { providedState } from "../../operations/provider.ts";
import { readProgress } from "../../operations/restore/progress.ts";
import type { ServiceStatus } from "../../operations/service-status.ts";
import { type StackStatus, status as statusOf } from "../../operations/status.ts";
import type { CliCommand } from "../command.ts";
import { ago, type Colour, type Paint, paintFor, table } from "../screen.ts";

/** What runs, what the provisioner did, which app has its DSN, and what to do next. */
export const status: CliCommand = {
  examples: ["glitchtip-compose status", "glitchtip-compose status --json"],
  async run(context) {
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
      ...(hasBackups && { backup }),
      ...(restoring && { restoring: restoring.backup }),
      provided: (app) =>
        providerOf(declaration, app) === undefined ? "none" : providedState(context.dir, declaration, app),
    });
    context.print(context.json ? JSON.stringify(found) : text(found, context.clock.now(), paintFor(context)));
    context.setExitCode(found.state === "ok" || found.state === "starting" ? EXIT.done : EXIT.failed);
  },
};

const STATE_COLOURS: Readonly<Record<StackStatus["state"], Colour>> = {
  ok: "good",
  starting: "doubtful",
  "not started": "doubtful",
  broken: "bad",
};

function text(found: StackStatus, nowMs: number, paint: Paint): string {
  const { project, state, url, version, image, services, provisioner, apps, jobs, certificate, backup, next } = found;
  const server = [version === undefined ? image : `GlitchTip ${version}`, url].filter(Boolean).join(" at ");
  const parts = [
    `${project}: ${paint(STATE_COLOURS[state], state)}, ${server}`,
    services.length === 0
      ? ""
      : table([["SERVICE", "STATE", "HEALTH", "SINCE"], ...services.map((service) => row(service, nowMs, paint))]),
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
