import type { BackupState } from "../backup/index.ts";
import { formatMebibytes } from "../base/byte-size.ts";
import type { MemoryUse, Resources, StackStatus } from "../checks/index.ts";
import type { Backlog, ServiceState } from "../running/index.ts";
import { ago, type Colour, type Paint, table } from "./screen.ts";

const STATE_COLOURS: Readonly<Record<StackStatus["state"], Colour>> = {
  ok: "good",
  starting: "doubtful",
  "not started": "doubtful",
  broken: "bad",
};

/** The whole of it for a person. */
export function statusText(found: StackStatus, nowMs: number, paint: Paint): string {
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

function row({ service, state, health, exitCode, sinceMs, problem }: ServiceState, nowMs: number, paint: Paint) {
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
  if (jobs.waiting === 0 && jobs.lastTakenMs === undefined) return "none waiting";
  if (jobs.oldestMs !== undefined) return `${jobs.waiting} waiting, the oldest for ${ago(0, jobs.oldestMs)}`;
  const taken =
    jobs.lastTakenMs === undefined ? "none ever taken" : `the last one taken ${ago(0, jobs.lastTakenMs)} ago`;
  return `${jobs.waiting} waiting, ${taken}`;
}

/** A limit that is near kills before anything else tells. */
function memoryText(use: MemoryUse | undefined, paint: Paint): string {
  if (use === undefined) return "-";
  const shown = `${formatMebibytes(use.usedBytes)} of ${formatMebibytes(use.limitBytes)}`;
  return use.usedBytes > 0.9 * use.limitBytes ? paint("bad", shown) : shown;
}

const diskText = ({ databaseBytes, freeBytes, usedPercent }: NonNullable<Resources["disk"]>): string =>
  `the database takes ${formatMebibytes(databaseBytes)}; ${formatMebibytes(freeBytes)} are free (${usedPercent} % used)`;
