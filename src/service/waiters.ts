import { onAbort } from "../base/abort.ts";
import { after } from "../base/wait.ts";
import type { RunEvents } from "./engine.ts";
import { isFinal, type RunRecord, type RunStore } from "./run-store.ts";

/**
 * Where a stream of events begins. BullMQ's own beginning, "from now on", is asked anew every ten seconds until the first
 * event: one that happens in between is lost, and whoever waits for it waits until its time is over.
 */
export const FIRST_EVENT = "0";

/** Tells those who wait for runs. One stream of events serves all of them. */
export interface Waiters {
  /** Returns the record once the run has ended, or as it is when the time is over or the signal aborted. */
  wait(id: string, timeoutMs: number, signal: AbortSignal): Promise<RunRecord | undefined>;
  /** Calls `act` with each step of a run until the returned function is called; `undefined` is its end. */
  follow(id: string, act: (step: object | undefined) => void): () => void;
}

export function openWaiters(streams: readonly RunEvents[], runs: Pick<RunStore, "get">): Waiters {
  const followers = new Map<string, Set<(step: object | undefined) => void>>();
  const tell = (id: string, step: object | undefined) => {
    for (const act of [...(followers.get(id) ?? [])]) act(step);
  };
  for (const stream of streams) {
    stream.on("completed", ({ jobId }) => tell(jobId, undefined));
    stream.on("failed", ({ jobId }) => tell(jobId, undefined));
    stream.on("progress", ({ jobId, data }) => typeof data === "object" && tell(jobId, data));
  }
  const follow: Waiters["follow"] = (id, act) => {
    const all = followers.get(id) ?? new Set();
    followers.set(id, all.add(act));
    return () => {
      all.delete(act);
      if (all.size === 0 && followers.get(id) === all) followers.delete(id);
    };
  };
  return {
    follow,
    async wait(id, timeoutMs, signal) {
      let wake = () => {};
      const ended = new Promise<void>((resolve) => {
        wake = resolve;
      });
      // The run may end before its record is read, so the events come first.
      const unfollow = follow(id, (step) => step === undefined && wake());
      const cancels = [unfollow, after(timeoutMs, wake), onAbort(signal, wake)];
      try {
        const record = await runs.get(id);
        if (record === undefined || isFinal(record)) return record;
        await ended;
        return await runs.get(id);
      } finally {
        for (const cancel of cancels) cancel();
      }
    },
  };
}
