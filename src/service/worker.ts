import { DelayedError, Worker } from "bullmq";
import { linkSignals } from "../base/abort.ts";
import { CodedError } from "../base/errors.ts";
import type { DeclaredServer, Outcome } from "../management/index.ts";
import { PREFIX, QUEUE_NAMES, type QueuedRun, type QueueName, type RunJob } from "./engine.ts";
import { type ExecuteContext, execute } from "./execute.ts";
import { isFinal, type RunRecord, type RunStore } from "./run-store.ts";
import type { Engine } from "./engine.ts";

export interface WorkerContext extends Omit<ExecuteContext, "engine"> {
  readonly engine: Engine;
  readonly runs: RunStore;
  /** Returns the servers of a run. Throws where they are not there any more. */
  serversOf(record: RunRecord): Promise<readonly DeclaredServer[]>;
  /** Called with the record of a run that has ended. */
  onEnd(record: RunRecord): Promise<void>;
}

/** Workers of both queues. */
export interface Workers {
  /** Stops: what runs is finished within `graceMs`, or handed back. */
  stop(graceMs: number): Promise<void>;
}

/** A worker that was killed is noticed within this time. */
const JOB_LOCK_MS = 12_000;
const STALLED_CHECK_MS = 5_000;
/** How soon a run is tried again whose server another run holds. */
const BUSY_MS = 250;
export const ATTEMPTS = 5;

/** Starts `concurrency` runs at a time for each queue. */
export function startWorkers(context: WorkerContext, concurrency: number): Workers {
  const { engine, clock, onError } = context;
  const stopping = linkSignals([context.signal]);
  const start = (name: QueueName) => {
    const worker = new Worker<RunJob, void, string>(
      name,
      async (job, token) => await work({ ...context, signal: stopping.signal }, job, token),
      {
        connection: engine.patient,
        prefix: PREFIX,
        concurrency,
        lockDuration: JOB_LOCK_MS,
        stalledInterval: STALLED_CHECK_MS,
        // A run survives any number of killed workers.
        maxStalledCount: 1_000,
        skipVersionCheck: true,
      },
    );
    worker.on("error", onError);
    return worker;
  };
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
  const { runs, clock, log, signal } = context;
  const record = await runs.get(job.data.run);
  // Nobody asks for a record that has expired; a finished one was finished by the worker before.
  if (record === undefined || isFinal(record)) return;
  const running: RunRecord = { ...record, state: "running", startedAtMs: record.startedAtMs ?? clock.now() };
  const later = async () => {
    await job.moveToDelayed(clock.now() + BUSY_MS, token);
    throw new DelayedError();
  };
  try {
    const servers = await context.serversOf(record);
    await runs.put(running);
    const report = await execute(context, {
      run: record.id,
      kind: record.kind,
      servers,
      strict: record.strict,
      fresh: record.fresh,
      onOutcome: (outcome) => void job.updateProgress(stepOf(outcome)).catch(context.onError),
    });
    if (report === undefined) return await later();
    const state = report.status === "success" ? "success" : "failed";
    await end(context, { ...running, state, report });
  } catch (error) {
    if (error instanceof DelayedError) throw error;
    if (signal.aborted) return await later();
    const code = error instanceof CodedError ? error.code : undefined;
    const again = code === undefined || code === "GC2007" || code === "GC2008";
    // The queue tries it again; the next attempt reads the servers anew.
    if (again && job.attemptsMade + 1 < ATTEMPTS) throw error;
    if (code === undefined) log.warn(`run ${record.id}: ${error instanceof Error ? error.stack : String(error)}`);
    const coded =
      error instanceof CodedError ? error : new CodedError("GC1901", "a mistake in glitchtip-compose itself");
    await end(context, { ...running, state: "failed", error: coded.toJSON() });
  }
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
