import { DelayedError } from "bullmq";
import { linkSignals } from "../base/abort.ts";
import { CodedError } from "../base/errors.ts";
import type { Outcome } from "../management/index.ts";
import type { BroughtServers } from "./compat.ts";
import type { QueueEngine } from "./engine.ts";
import { QUEUE_NAMES, type QueuedRun, type QueueName } from "./engine.ts";
import { type ExecuteContext, execute } from "./execute.ts";
import { isFinal, type RunRecord, type RunStore } from "./run-store.ts";

export interface WorkerContext extends Omit<ExecuteContext, "engine"> {
  readonly engine: QueueEngine;
  readonly runs: RunStore;
  /** Returns the servers of a run. Throws where they are not there any more. */
  serversOf(record: RunRecord): Promise<BroughtServers>;
  /** Called with the record of a run that has ended. */
  onEnd(record: RunRecord): Promise<void>;
  /** How soon a run is tried again whose server another run holds. Default 250. */
  readonly busyMs?: number;
}

/** Workers of both queues. */
export interface Workers {
  /** Stops: what runs is finished within `graceMs`, or handed back. */
  stop(graceMs: number): Promise<void>;
}

/** A worker that was killed is noticed within this time. */
const JOB_LOCK_MS = 10_000;
const STALLED_CHECK_MS = 4_000;
const BUSY_MS = 250;
export const ATTEMPTS = 5;
/** A request that was under way when an attempt was interrupted is executed by then: the next one reads the server anew. */
export const SETTLE_MS = 5_000;

/** Starts `concurrency` runs at a time for each queue. */
export function startWorkers(context: WorkerContext, concurrency: number): Workers {
  const { engine, clock } = context;
  const stopping = linkSignals([context.signal]);
  const start = (name: QueueName) =>
    engine.startWorker(name, async (job, token) => await work({ ...context, signal: stopping.signal }, job, token), {
      concurrency,
      lockDuration: JOB_LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      // A run survives any number of killed workers.
      maxStalledCount: 1_000,
    });
  const workers = QUEUE_NAMES.map(start);
  return {
    async stop(graceMs) {
      using grace = linkSignals([], undefined);
      void clock
        .sleep(graceMs, grace.signal)
        .then(() => stopping.abort(new CodedError("GC1003", "the service stops")))
        .catch(() => undefined);
      await Promise.all(workers.map((worker) => worker.close()));
      grace.abort();
      stopping[Symbol.dispose]();
    },
  };
}

async function work(context: WorkerContext, job: QueuedRun, token: string | undefined): Promise<void> {
  const { runs, clock, busyMs = BUSY_MS } = context;
  const record = await runs.get(job.data.run);
  // Nobody asks for a record that has expired; a finished one was finished by the worker before.
  if (record === undefined || isFinal(record)) return;
  const running: RunRecord = { ...record, state: "running", startedAtMs: record.startedAtMs ?? clock.now() };
  const ended = await attempt(context, running, job);
  if (ended !== undefined) return await end(context, ended);
  await job.moveToDelayed(clock.now() + (context.signal.aborted ? SETTLE_MS : busyMs), token);
  throw new DelayedError();
}

/** Returns the record of the run as it has ended, or undefined where it is to be taken up again. */
async function attempt(context: WorkerContext, record: RunRecord, job: QueuedRun): Promise<RunRecord | undefined> {
  const { signal } = context;
  const isTriedAgain = (error: unknown) => signal.aborted || (mayPass(error) && job.attemptsMade + 1 < ATTEMPTS);
  try {
    const { servers, env } = await context.serversOf(record);
    await context.runs.put(record);
    const report = await execute(
      { ...context, env: { ...context.env, ...env } },
      {
        run: record.id,
        kind: record.kind,
        servers,
        strict: record.strict,
        fresh: record.fresh,
        isTriedAgain,
        onOutcome: (outcome) => void job.updateProgress(stepOf(outcome)).catch(context.onError),
      },
    );
    return report && { ...record, state: report.status === "success" ? "success" : "failed", report };
  } catch (error) {
    if (signal.aborted) return undefined;
    // The queue tries it again; the next attempt reads the servers anew.
    if (isTriedAgain(error)) throw error;
    return { ...record, state: "failed", error: codedError(context, record.id, error).toJSON() };
  }
}

const mayPass = (error: unknown): boolean =>
  !(error instanceof CodedError) || error.code === "GC2007" || error.code === "GC2008";

function codedError({ log }: WorkerContext, run: string, error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  log.warn(`run ${run}: ${error instanceof Error ? error.stack : String(error)}`);
  return new CodedError("GC1901", "a mistake in glitchtip-compose itself");
}

async function end(context: WorkerContext, record: RunRecord): Promise<void> {
  const { runs, clock, onEnd, onError } = context;
  const ended = { ...record, finishedAtMs: clock.now() };
  await runs.put(ended);
  if (record.fingerprint !== undefined) await runs.unclaim(record.fingerprint, record.id).catch(onError);
  await onEnd(ended).catch(onError);
}

/** A step of a run as its followers see it. */
function stepOf({ action, ...outcome }: Outcome): object {
  const { type, kind, instance, organization, project, name } = action;
  const { result } = outcome;
  return {
    result,
    action_type: type,
    kind,
    instance,
    organization,
    project,
    name,
    ...(outcome.result === "failed" ? { code: outcome.error.code, message: outcome.error.message } : {}),
  };
}
