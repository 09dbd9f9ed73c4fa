import { backupProblems } from "../backup/index.ts";
import type { CareSettings } from "../config/service-settings.ts";
import type { NotifyEvent } from "./notify/notice.ts";
import { partitionProblems } from "./partitions.ts";
import { logsOf, partsOf } from "./parts.ts";
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

export const UNHEALTHY_AFTER = 3;

const reason = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));

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
    ...(problem === undefined ? {} : { problem: `${about} does not answer: ${problem}`, remedy: logsOf(about) }),
  });
  const parts = partsOf(settings);
  const findings: Finding[] = [
    unhealthy(parts.database, database.problem),
    ...(settings.valkey === "off" ? [] : [unhealthy(parts.valkey, valkey.problem)]),
    unhealthy(parts.web, web.problem),
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
            remedy: `${logsOf(parts.worker)}; npx glitchtip-compose migrate makes the coming ones`,
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
  const remedy = logsOf("glitchtip-provision");
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
      ...(problems.length === 0 ? {} : { problem: problems.join("; "), remedy: logsOf("glitchtip-backup") }),
    },
  ];
}
