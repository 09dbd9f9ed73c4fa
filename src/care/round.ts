import { defined } from "../base/defined.ts";
import { queueFinding, queueMemory } from "./database-findings.ts";
import {
  addRestartReport,
  type CareMemory,
  isGivenUp,
  memoryKey,
  readCareMemory,
  servicesAboveLimit,
  type WantedRestart,
  wantedRestart,
  writeCareMemory,
} from "./decisions.ts";
import type { CareFinding } from "./finding.ts";
import { lookAround } from "./look.ts";
import type { Notice } from "./notify/notice.ts";
import { type RestartReport, reportLines, reportTitle } from "./report.ts";
import { type RestartContext, restartWithCare } from "./restart.ts";
import { type TellContext, tellAll } from "./tell.ts";

export interface CareContext extends RestartContext, TellContext {
  /** The name that tells this server from others. */
  readonly instance: string;
}

/**
 * Looks at everything once, tells what is new, and restarts what has to be restarted. `due`: it is time for the scheduled
 * restart.
 */
export async function careRound(context: CareContext, due: boolean): Promise<readonly CareFinding[]> {
  const { clock, settings, probes, own } = context;
  const nowMs = clock.now();
  const look = await lookAround(probes, settings, nowMs);
  const { queue: lastQueue, dueMs: lastDueMs, ...before } = readCareMemory(own);
  const queue = look.waitingInValkey === undefined ? undefined : queueMemory(lastQueue, look.waitingInValkey, nowMs);
  const found = [...look.findings, ...queueFinding(settings, probes, look, queue, nowMs)];
  const failing = countLooks(before, found, servicesAboveLimit(settings, probes.service, nowMs));
  const memory: CareMemory = { ...before, ...defined({ failing, queue, dueMs: due ? nowMs : lastDueMs }) };
  writeCareMemory(own, memory);
  logNews(context, found, failing);
  const settled = found.filter((finding) => isSettled(finding, failing));
  await tellAll(
    context,
    settled.map((finding) => noticeOf(context, finding, nowMs)),
  );
  const wanted = wantedRestart(settings, memory, settled, nowMs);
  if (wanted !== undefined) await restartAndTell(context, wanted, memory.dueMs);
  return found;
}

/** The log shows a problem when it begins, and after so many looks that it goes on. */
const LOG_EVERY_LOOKS = 60;

function logNews({ log }: CareContext, found: readonly CareFinding[], failing: CareMemory["failing"]): void {
  for (const finding of found) {
    const looks = failing[keyOf(finding)] ?? 1;
    if (finding.problem !== undefined && looks % LOG_EVERY_LOOKS === 1)
      log.warn(`${finding.event}: ${finding.problem}`);
  }
}

const keyOf = ({ event, about }: CareFinding): string => `${event} ${about}`;

/** Counts for each problem the consecutive looks that found it. */
function countLooks(
  { failing }: Pick<CareMemory, "failing">,
  found: readonly CareFinding[],
  full: readonly string[],
): Record<string, number> {
  const keys = [...found.filter(({ problem }) => problem !== undefined).map(keyOf), ...full.map(memoryKey)];
  return Object.fromEntries(keys.map((key) => [key, (failing[key] ?? 0) + 1]));
}

/** Returns false for a problem that has to be found by more looks before anybody is told. */
const isSettled = (finding: CareFinding, failing: CareMemory["failing"]): boolean =>
  finding.problem === undefined || (failing[keyOf(finding)] ?? 0) >= (finding.patience ?? 1);

function noticeOf({ instance }: CareContext, { event, about, problem, remedy }: CareFinding, atMs: number): Notice {
  const common = { event, about, instance, atMs };
  if (problem === undefined) return { ...common, state: "over", title: `${about}: all is well again`, lines: [] };
  return { ...common, state: "failed", title: TITLES[event] ?? event, lines: [problem], ...(remedy && { remedy }) };
}

const TITLES: Readonly<Partial<Record<CareFinding["event"], string>>> = {
  "backup-failed": "the backup failed",
  "certificate-near-end": "the certificate needs care",
  "disk-low": "a disk is nearly full",
  "provisioner-degraded": "the provisioner failed",
  "queue-stuck": "the worker takes no work",
  "partitions-failed": "the maintenance of partitions failed",
  "service-unhealthy": "a service does not answer",
};

/** Restarts services, stores the report and tells of it. A scheduled restart that has to wait is retried at the next look. */
export async function restartAndTell(
  context: CareContext,
  wanted: WantedRestart,
  dueMs?: number,
): Promise<RestartReport> {
  const { clock, own, log } = context;
  const report = await restartWithCare(context, wanted.reason, wanted.services);
  const nowMs = clock.now();
  const waits = report.skipped !== undefined && wanted.reason === "schedule" && !isGivenUp(dueMs, nowMs);
  const { dueMs: due, ...memory } = readCareMemory(own);
  const byItself = wanted.reason === "memory" || wanted.reason === "unhealthy";
  const tried = byItself && report.skipped === undefined ? wanted.services : [];
  writeCareMemory(own, {
    ...memory,
    restartedMs: { ...memory.restartedMs, ...Object.fromEntries(tried.map((service) => [service, nowMs])) },
    ...(waits && due !== undefined && { dueMs: due }),
  });
  addRestartReport(own, report);
  for (const line of [reportTitle(report), ...reportLines(report)]) (report.ok ? log.info : log.warn)(line);
  await tellAll(context, [
    {
      event: report.ok ? "restart-done" : "restart-failed",
      about: `${wanted.reason} ${wanted.services.join(" ")}`,
      state: report.ok ? "done" : "failed",
      instance: context.instance,
      title: reportTitle(report),
      lines: reportLines(report),
      ...(!report.ok && { remedy: "docker compose ps; npx glitchtip-compose status" }),
      atMs: nowMs,
    },
  ]);
  return report;
}
