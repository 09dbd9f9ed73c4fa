import { createHash } from "node:crypto";
import { CodedError } from "../base/errors.ts";
import type { QueueEngine } from "./engine.ts";
import { isFinal, type RunRecord, type RunStore } from "./run-store.ts";
import { ATTEMPTS, SETTLE_MS } from "./worker.ts";

export interface SubmitContext {
  readonly engine: QueueEngine;
  readonly runs: RunStore;
  readonly now: () => number;
}

export type NewRun = Pick<RunRecord, "id" | "kind" | "subject" | "servers" | "strict" | "fresh"> & {
  /** What the request of a run that brings its own servers is kept as. */
  readonly body?: SealedBody;
  /** What only equal wet runs have in common. */
  readonly content: readonly (string | Buffer)[];
};

export interface SealedBody {
  readonly pieces: number;
  /** Returns a piece, encrypted. */
  seal(nth: number): Buffer;
}

/**
 * Puts a run into its queue and returns its record. An equal wet run that is in progress makes this one `skipped`. Throws
 * GC2007 where the engine does not take it.
 */
export async function submit(context: SubmitContext, { body, content, ...asked }: NewRun): Promise<RunRecord> {
  const { engine, runs, now } = context;
  const record: RunRecord = { ...asked, state: "pending", createdAtMs: now(), ...(body && { pieces: body.pieces }) };
  try {
    if (asked.kind === "plan") return await queue(record);
    // Whoever finds the claim finds its record.
    await runs.put(record);
    const hash = createHash("sha256");
    for (const part of content) hash.update(part);
    const fingerprint = hash.digest("hex");
    const holder = await claimed(context, fingerprint, record.id);
    if (holder === record.id) return await queue({ ...record, fingerprint });
    const skipped: RunRecord = { ...record, state: "skipped", reason: "duplicate_task", finishedAtMs: now() };
    await runs.put(skipped);
    return skipped;
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new CodedError("GC2007", "the queue's engine did not take the run", {
      remedy: "Send the request again; see GET /health/ready.",
      cause,
    });
  }

  async function queue(one: RunRecord): Promise<RunRecord> {
    if (body !== undefined) await putPieces(runs, one.id, body);
    await runs.put(one);
    await engine.queues[one.kind].add(
      one.kind,
      { run: one.id },
      {
        jobId: one.id,
        attempts: ATTEMPTS,
        backoff: { type: "fixed", delay: SETTLE_MS },
        removeOnComplete: true,
        removeOnFail: true,
      },
    );
    return one;
  }
}

/** So many pieces of a large body are in memory at once. */
const PIECES_AT_ONCE = 20;

async function putPieces(runs: RunStore, id: string, { pieces, seal }: SealedBody): Promise<void> {
  for (let first = 0; first < pieces; first += PIECES_AT_ONCE) {
    const length = Math.min(PIECES_AT_ONCE, pieces - first);
    await Promise.all(Array.from({ length }, (_, at) => runs.putPiece(id, first + at, seal(first + at))));
  }
}

/** After this time a record without a job is of a process that ended in between. */
const SUBMIT_WITHIN_MS = 30_000;

/** Returns the run that has the claim. One whose run is not in progress any more passes to this run. */
async function claimed({ engine, runs, now }: SubmitContext, fingerprint: string, id: string): Promise<string> {
  for (;;) {
    const holder = await runs.claim(fingerprint, id);
    if (holder === id) return id;
    const record = await runs.get(holder);
    if (record !== undefined && !isFinal(record)) {
      const isNew = now() - record.createdAtMs < SUBMIT_WITHIN_MS;
      if (isNew || (await engine.queues.apply.getJob(holder)) !== undefined) return holder;
    }
    if (await runs.passClaim(fingerprint, holder, id)) return id;
  }
}
