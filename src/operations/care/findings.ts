import type { CareSettings } from "../../config/care-settings.ts";
import { STUCK_AFTER_MS } from "../backlog.ts";
import { backupProblems } from "../backup/report.ts";
import type { NotifyEvent } from "../notify/notice.ts";
import { partitionProblems } from "./partitions.ts";
import type { DatabaseLook, Disk, Probes } from "./probes.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly event: NotifyEvent;
  /** A service, a disk, a table's name: with the event it says what this is about. */
  readonly about: string;
  /** Undefined where all is well. */
  readonly problem?: string;
  readonly remedy?: string;
  /** Looks in a row that have to find it before it is told. */
  readonly patience?: number;
}

export interface Look {
  readonly findings: readonly Finding[];
  /** Undefined while it does not answer. */
  readonly database?: DatabaseLook;
  readonly valkeyIsWell: boolean;
  readonly webIsWell: boolean;
  /** Jobs in Valkey. */
  readonly waitingThere?: number;
}

const UNHEALTHY_AFTER = 3;
const STUCK_ALIVE_S = STUCK_AFTER_MS / 1_000;

const reason = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));
const logs = (service: string) => `docker compose logs --tail 50 ${service}`;

async function asked<T>(ask: () => Promise<T>): Promise<{ readonly value?: T; readonly problem?: string }> {
  try {
    return { value: await ask() };
  } catch (error) {
    return { problem: reason(error) };
  }
}

/** Looks at everything once; what cannot be looked at is a finding, not an error. */
export async function lookAround(probes: Probes, settings: CareSettings, nowMs: number): Promise<Look> {
  const [database, valkey, web, certificate, disks] = await Promise.all([
    asked(() => probes.database()),
    asked(async (): Promise<{ readonly waiting?: number }> => (settings.valkey === "off" ? {} : probes.valkey())),
    asked(() => probes.web()),
    asked(() => probes.certificate()),
    asked(() => probes.disks()),
  ]);
  const unhealthy = (about: string, problem: string | undefined): Finding => ({
    event: "service-unhealthy",
    about,
    patience: UNHEALTHY_AFTER,
    ...(problem === undefined ? {} : { problem: `${about} does not answer: ${problem}`, remedy: logs(about) }),
  });
  const findings: Finding[] = [
    unhealthy("glitchtip-db", database.problem),
    ...(settings.valkey === "off" ? [] : [unhealthy("glitchtip-valkey", valkey.problem)]),
    unhealthy("glitchtip", web.problem),
    ...(disks.value ?? []).map((disk) => diskFinding(disk, settings.care.diskPercent)),
    ...provisionerFinding(probes),
    ...backupFinding(probes, nowMs),
  ];
  if (certificate.value?.known) {
    const { domain = "" } = settings.certificate ?? {};
    const { state, notAfter, daysLeft } = certificate.value;
    findings.push({
      event: "certificate-near-end",
      about: domain,
      ...(state === "ok"
        ? {}
        : {
            problem: certificateProblem(state, notAfter, daysLeft),
            remedy: "npx glitchtip-compose check --production",
          }),
    });
  }
  if (database.value !== undefined) {
    const problems = partitionProblems(database.value.partitions, settings.retentionDays, nowMs);
    findings.push({
      event: "partitions-failed",
      about: "partitions",
      ...(problems.length === 0
        ? {}
        : {
            problem: problems.join("; "),
            remedy: `${logs("glitchtip-worker")}; npx glitchtip-compose migrate makes the coming ones`,
          }),
    });
  }
  return {
    findings,
    ...(database.value && { database: database.value }),
    valkeyIsWell: valkey.problem === undefined,
    webIsWell: web.problem === undefined,
    ...(valkey.value?.waiting === undefined ? {} : { waitingThere: valkey.value.waiting }),
  };
}

const certificateProblem = (state: string, notAfter: string, daysLeft: number): string =>
  state === "early"
    ? "the certificate is not valid yet"
    : state === "over"
      ? `the certificate ended on ${notAfter.slice(0, 10)}`
      : `the certificate ends on ${notAfter}, in ${daysLeft} days, and was not renewed`;

function diskFinding({ path, usedPercent, freeBytes }: Disk, limit: number): Finding {
  const about = path === "/backups" ? "the disk of the backups" : "the disk of Docker's volumes";
  if (usedPercent < limit) return { event: "disk-low", about };
  const free = `${Math.floor(freeBytes / 1_048_576)} MiB are free`;
  return {
    event: "disk-low",
    about,
    problem: `${about} is ${usedPercent} % full, ${free}`,
    remedy: "docker system df; npx glitchtip-compose backup prune; server.retention",
  };
}

function provisionerFinding(probes: Probes): Finding[] {
  const written = probes.provisioner();
  if (written === undefined) return [];
  const { error } = written;
  const remedy = logs("glitchtip-provision");
  return [
    {
      event: "provisioner-degraded",
      about: "glitchtip-provision",
      ...(error === undefined ? {} : { problem: `the provisioner says ${error.code}: ${error.message}`, remedy }),
    },
  ];
}

function backupFinding(probes: Probes, nowMs: number): Finding[] {
  const state = probes.backups();
  if (state === undefined) return [];
  const problems = backupProblems(state, nowMs);
  return [
    {
      event: "backup-failed",
      about: "glitchtip-backup",
      ...(problems.length === 0 ? {} : { problem: problems.join("; "), remedy: logs("glitchtip-backup") }),
    },
  ];
}

/** How long jobs in Valkey have not become fewer; from one look to the next. */
export interface QueueMemory {
  readonly waiting: number;
  readonly sinceMs: number;
}

export const queueMemory = (before: QueueMemory | undefined, waiting: number, nowMs: number): QueueMemory =>
  before !== undefined && waiting > 0 && waiting >= before.waiting
    ? { waiting, sinceMs: before.sinceMs }
    : { waiting, sinceMs: nowMs };

/** A worker that takes no work: nothing else shows it. */
export function queueFinding(
  settings: CareSettings,
  probes: Probes,
  look: Look,
  queue: QueueMemory | undefined,
  nowMs: number,
): Finding[] {
  const worker = settings.services.find(({ role }) => role === "worker");
  const about = worker?.service ?? "glitchtip-worker";
  const stuck = (problem: string | undefined): Finding[] => [
    // Of a new database nobody knows when its worker began.
    {
      event: "queue-stuck",
      about,
      ...(look.database?.jobs?.lastTakenMs === undefined ? { patience: UNHEALTHY_AFTER } : {}),
      ...(problem === undefined ? {} : { problem, remedy: logs(about) }),
    },
  ];
  const { jobs } = look.database ?? {};
  if (settings.jobs === "database" && jobs !== undefined) {
    const idleMs = jobs.lastTakenMs ?? Number.POSITIVE_INFINITY;
    const since = Number.isFinite(idleMs) ? `for ${Math.round(idleMs / 60_000)} minutes` : "yet";
    return stuck(
      jobs.waiting > 0 && idleMs > STUCK_AFTER_MS ? `${jobs.waiting} jobs wait, none was taken ${since}` : undefined,
    );
  }
  if (settings.jobs === "valkey" && queue !== undefined) {
    const idleMs = nowMs - queue.sinceMs;
    const minutes = Math.round(idleMs / 60_000);
    return stuck(
      queue.waiting > 0 && idleMs > STUCK_AFTER_MS
        ? `${queue.waiting} jobs wait, no fewer for ${minutes} minutes`
        : undefined,
    );
  }
  if (worker?.aliveFile) {
    const state = probes.service(worker.service);
    if (state === undefined) return [];
    const silentS = nowMs / 1_000 - state.at;
    const aliveAgo = state.aliveAgo ?? state.at - state.since;
    return stuck(
      silentS < 30 && aliveAgo > STUCK_ALIVE_S
        ? `it has done nothing for ${Math.round(aliveAgo / 60)} minutes`
        : undefined,
    );
  }
  return [];
}
