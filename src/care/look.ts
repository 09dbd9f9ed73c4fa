import { backupProblems } from "../backup/index.ts";
import { counted } from "../base/counted.ts";
import { defined } from "../base/defined.ts";
import type { ServedCertificate } from "../checks/index.ts";
import type { CareSettings } from "../config/service-settings.ts";
import { partitionsFinding } from "./database-findings.ts";
import { type CareFinding, logsCommand, partsOf, UNHEALTHY_AFTER_LOOKS } from "./finding.ts";
import type { DatabaseLook, Disk, Probes } from "./probes.ts";

export interface Look {
  readonly findings: readonly CareFinding[];
  /** Missing while the database does not answer. */
  readonly database?: DatabaseLook;
  readonly valkeyIsWell: boolean;
  readonly webIsWell: boolean;
  /** Number of jobs that wait in Valkey, where it is the broker. */
  readonly waitingInValkey?: number;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));

async function asked<T>(ask: () => Promise<T>): Promise<{ readonly value?: T; readonly problem?: string }> {
  try {
    return { value: await ask() };
  } catch (error) {
    return { problem: reasonOf(error) };
  }
}

/** Looks at everything once. What cannot be looked at is a finding and not an error. */
export async function lookAround(probes: Probes, settings: CareSettings, nowMs: number): Promise<Look> {
  const [database, valkey, web, certificate, disks] = await Promise.all([
    asked(() => probes.database()),
    asked(async (): Promise<{ readonly waiting?: number }> => (settings.valkey === "off" ? {} : probes.valkey())),
    asked(() => probes.web()),
    asked(() => probes.certificate()),
    asked(() => probes.disks()),
  ]);
  const parts = partsOf(settings);
  return defined({
    findings: [
      answerFinding(parts.database, database.problem),
      ...(settings.valkey === "off" ? [] : [answerFinding(parts.valkey, valkey.problem)]),
      answerFinding(parts.web, web.problem),
      ...(disks.value ?? []).map((disk) => diskFinding(disk, settings.care.diskPercent)),
      ...provisionerFinding(probes),
      ...backupFinding(probes, nowMs),
      ...certificateFinding(certificate.value, settings.certificate?.domain),
      ...(database.value === undefined ? [] : [partitionsFinding(database.value.partitions, settings, nowMs)]),
    ],
    database: database.value,
    valkeyIsWell: valkey.problem === undefined,
    webIsWell: web.problem === undefined,
    waitingInValkey: valkey.value?.waiting,
  });
}

const answerFinding = (about: string, problem: string | undefined): CareFinding => ({
  event: "service-unhealthy",
  about,
  patience: UNHEALTHY_AFTER_LOOKS,
  ...(problem !== undefined && { problem: `${about} does not answer: ${problem}`, remedy: logsCommand(about) }),
});

function certificateFinding(seen: ServedCertificate | undefined, domain = ""): CareFinding[] {
  if (!seen?.known) return [];
  const { state, notAfter, daysLeft } = seen;
  const finding: CareFinding = { event: "certificate-near-end", about: domain };
  if (state === "ok") return [finding];
  const remedy = "npx glitchtip-compose check --production";
  return [{ ...finding, problem: certificateProblem(state, notAfter, daysLeft), remedy }];
}

const certificateProblem = (state: string, notAfter: string, daysLeft: number): string =>
  state === "early"
    ? "the certificate is not valid yet"
    : state === "over"
      ? `the certificate ended on ${notAfter.slice(0, 10)}`
      : `the certificate ends on ${notAfter}, in ${counted(daysLeft, "day")}, and was not renewed`;

function diskFinding({ path, usedPercent, freeBytes }: Disk, limit: number): CareFinding {
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

function provisionerFinding(probes: Probes): CareFinding[] {
  const written = probes.provisioner();
  if (written === undefined) return [];
  const { error } = written;
  const remedy = logsCommand("glitchtip-provision");
  return [
    {
      event: "provisioner-degraded",
      about: "glitchtip-provision",
      ...(error !== undefined && { problem: `the provisioner says ${error.code}: ${error.message}`, remedy }),
    },
  ];
}

function backupFinding(probes: Probes, nowMs: number): CareFinding[] {
  const state = probes.backups();
  if (state === undefined) return [];
  const problems = backupProblems(state, nowMs);
  return [
    {
      event: "backup-failed",
      about: "glitchtip-backup",
      ...(problems.length > 0 && { problem: problems.join("; "), remedy: logsCommand("glitchtip-backup") }),
    },
  ];
}
