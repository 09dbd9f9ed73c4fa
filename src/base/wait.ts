import { setTimeout as sleepFor } from "node:timers/promises";
import type { CodedError } from "./errors.ts";

/** Time as an argument, so that tests need no real waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await sleepFor(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** Acts once after so long, unless it is called off; keeps no process alive. */
export function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

/** Resolves when the signal is aborted, and keeps the process alive until then. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await systemClock.sleep(2 ** 30, signal).catch(() => undefined);
}

export interface WaitOptions<T> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** First and longest pause between two attempts; each is jittered by up to a quarter. */
  readonly pauseMs?: { readonly first: number; readonly longest: number };
  /** One attempt: the value, or `undefined` for "not yet". */
  attempt(): Promise<T | undefined>;
  /** Called every `sayEveryMs` (10 s) with the time that has passed. */
  say?(waitedMs: number): void;
  readonly sayEveryMs?: number;
  /** Makes the error when the deadline has passed. */
  late(waitedMs: number): CodedError;
}

/** Attempts until a value comes, the deadline passes or the signal is aborted. */
export async function waitUntil<T>(options: WaitOptions<T>): Promise<T> {
  const { clock, signal, deadlineMs, sayEveryMs = 10_000 } = options;
  const { first, longest } = options.pauseMs ?? { first: 250, longest: 3_000 };
  const start = clock.now();
  let said = start;
  for (let pause = first; ; pause = Math.min(pause * 1.6, longest)) {
    signal.throwIfAborted();
    const value = await options.attempt();
    if (value !== undefined) return value;
    const now = clock.now();
    if (now - start >= deadlineMs) throw options.late(now - start);
    if (now - said >= sayEveryMs) {
      said = now;
      options.say?.(now - start);
    }
    const jittered = pause * (0.75 + Math.random() * 0.25);
    await clock.sleep(Math.min(jittered, deadlineMs - (now - start)), signal);
  }
}
