import type { Secret } from "../base/secret.ts";
import type { CareSettings } from "../config/service-settings.ts";
import type { OpenHttp } from "../http/http.ts";
import { aboveLimit, isGivenUp, memoryKey, type WantedRestart, wantedRestart } from "./decide.ts";
import { type Finding, lookAround } from "./findings.ts";
import { addReport, type CareMemory, readMemory, writeMemory } from "./memory.ts";
import type { Notice } from "./notify/notice.ts";
import { type Channel, sendNotice } from "./notify/send.ts";
import { decide, forget } from "./notify/throttle.ts";
import { queueFinding, queueMemory } from "./queue.ts";
import { type RestartReport, reportLines, reportTitle } from "./report.ts";
import { type RestartContext, restartWithCare } from "./restart.ts";

export interface CareContext extends RestartContext {
  readonly instance: string;
  /** Where the service keeps what it knows; nobody else writes there. */
  readonly own: string;
  readonly channels: readonly (Channel & Pick<CareSettings["notify"][number], "events" | "repeatHours">)[];
  readonly hidden: readonly Secret[];
  readonly openHttp: OpenHttp;
}

const HOUR_MS = 3_600_000;
const LONGEST_MEMORY_MS = 60 * 24 * HOUR_MS;

/** One look at everything: tells what is new, and restarts what has to be. `due`: the schedule's time has come. */
export async function careRound(context: CareContext, due: boolean): Promise<readonly Finding[]> {
  const { clock, settings, probes, own, log } = context;
  const nowMs = clock.now();
  const look = await lookAround(probes, settings, nowMs);
  const before = readMemory(own);
  const queue = look.waitingThere === undefined ? undefined : queueMemory(before.queue, look.waitingThere, nowMs);
  const found = [...look.findings, ...queueFinding(settings, probes, look, queue, nowMs)];
  const failing = counted(before, found, aboveLimit(settings, probes.service, nowMs));
  const settled = found.map((finding) => patient(finding, failing));
  const dueMs = due ? nowMs : before.dueMs;
  const { queue: _, dueMs: __, ...rest } = before;
  const memory: CareMemory = { ...rest, failing, ...(queue && { queue }), ...(dueMs === undefined ? {} : { dueMs }) };
  writeMemory(own, memory);
  for (const finding of found) {
    if (finding.problem !== undefined && isNews(failing[keyOf(finding)]))
      log.warn(`${finding.event}: ${finding.problem}`);
  }
  await tellAll(
    context,
    settled.flatMap((finding) => noticeOf(context, finding, nowMs)),
  );
  const wanted = wantedRestart(settings, memory, settled.filter(isTold), nowMs);
  if (wanted !== undefined) await carryOut(context, wanted, memory.dueMs);
  return found;
}

/** The log tells when it began, and now and then that it goes on. */
const LOG_EVERY_LOOKS = 60;
const isNews = (looks = 1): boolean => looks % LOG_EVERY_LOOKS === 1;

type Settled = Finding & { readonly waits: boolean };
const isTold = ({ waits }: Settled): boolean => !waits;
const keyOf = ({ event, about }: Finding): string => `${event} ${about}`;

function counted({ failing }: CareMemory, found: readonly Finding[], full: readonly string[]): Record<string, number> {
  const keys = [...found.filter(({ problem }) => problem !== undefined).map(keyOf), ...full.map(memoryKey)];
  return Object.fromEntries(keys.map((key) => [key, (failing[key] ?? 0) + 1]));
}

const patient = (finding: Finding, failing: Readonly<Record<string, number>>): Settled => ({
  ...finding,
  waits: finding.problem !== undefined && (failing[keyOf(finding)] ?? 0) < (finding.patience ?? 1),
});

function noticeOf(
  { instance }: CareContext,
  { event, about, problem, remedy, waits }: Settled,
  atMs: number,
): Notice[] {
  if (waits) return [];
  const common = { event, about, instance, atMs };
  if (problem === undefined) return [{ ...common, state: "over", title: `${about}: all is well again`, lines: [] }];
  return [{ ...common, state: "failed", title: TITLES[event] ?? event, lines: [problem], ...(remedy && { remedy }) }];
}

const TITLES: Readonly<Partial<Record<Finding["event"], string>>> = {
  "backup-failed": "the backup failed",
  "certificate-near-end": "the certificate needs care",
  "disk-low": "a disk is nearly full",
  "provisioner-degraded": "the provisioner failed",
  "queue-stuck": "the worker takes no work",
  "partitions-failed": "the upkeep of partitions failed",
  "service-unhealthy": "a service does not answer",
};

/** Restarts, notes it down and tells of it. One by schedule that has to wait is tried again at the next look. */
export async function carryOut(context: CareContext, wanted: WantedRestart, dueMs?: number): Promise<RestartReport> {
  const { clock, own, log } = context;
  const report = await restartWithCare(context, wanted.reason, wanted.services);
  const nowMs = clock.now();
  const waits = report.skipped !== undefined && wanted.reason === "schedule" && !isGivenUp(dueMs, nowMs);
  const { dueMs: due, ...memory } = readMemory(own);
  const byItself = wanted.reason === "memory" || wanted.reason === "unhealthy";
  const tried = byItself && report.skipped === undefined ? wanted.services : [];
  writeMemory(own, {
    ...memory,
    restartedMs: { ...memory.restartedMs, ...Object.fromEntries(tried.map((service) => [service, nowMs])) },
    ...(waits && due !== undefined ? { dueMs: due } : {}),
  });
  addReport(own, report);
  for (const line of [reportTitle(report), ...reportLines(report)]) (report.ok ? log.info : log.warn)(line);
  await tellAll(context, [
    {
      event: report.ok ? "restart-done" : "restart-failed",
      about: `${wanted.reason} ${wanted.services.join(" ")}`,
      state: report.ok ? "done" : "failed",
      instance: context.instance,
      title: reportTitle(report),
      lines: reportLines(report),
      ...(report.ok ? {} : { remedy: "docker compose ps; npx glitchtip-compose status" }),
      atMs: nowMs,
    },
  ]);
  return report;
}

const OWED = 20;

/** A channel that fails stops nobody, and gets the same at the next look. */
async function tellAll(context: CareContext, notices: readonly Notice[]): Promise<void> {
  for (const channel of context.channels) {
    const { owed = [], ...memory } = readMemory(context.own);
    const [late, others] = [
      owed.filter((one) => one.channel === channel.name),
      owed.filter((one) => one.channel !== channel.name),
    ];
    if (late.length > 0) writeMemory(context.own, { ...memory, owed: others });
    const wanted = notices.filter(({ event }) => event !== "test" && channel.events.includes(event));
    await tellOne(context, channel, [...late.map(({ notice }) => notice), ...wanted]);
  }
}

async function tellOne(context: CareContext, channel: CareContext["channels"][number], notices: readonly Notice[]) {
  const { own, log, signal, clock } = context;
  let fails = false;
  for (const notice of notices) {
    const { told } = readMemory(own);
    const { tell, repeated, next } = decide(told, channel.name, notice, channel.repeatHours * HOUR_MS);
    if (next === told) continue;
    try {
      // After one failure it would keep all others waiting with each of its messages.
      if (tell && !fails) await sendNotice(channel, notice, context, repeated);
    } catch (error) {
      signal.throwIfAborted();
      log.warn(error instanceof Error ? error.message : String(error));
      fails = true;
    }
    const memory = readMemory(own);
    // What is the case is found again; what has happened is not.
    const owed = [...(memory.owed ?? []), { channel: channel.name, notice }].slice(-OWED);
    if (!(tell && fails)) writeMemory(own, { ...memory, told: forget(next, clock.now() - LONGEST_MEMORY_MS) });
    else if (notice.event.startsWith("restart-")) writeMemory(own, { ...memory, owed });
  }
}
