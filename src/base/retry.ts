import type { CodedError } from "./errors.ts";
import type { Clock } from "./wait.ts";

export interface RetryOptions<T> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How many attempts at most, the first included. Default: any number. */
  readonly attempts?: number;
  /** When to give up. Default: never. */
  readonly deadlineMs?: number;
  /** The first and the longest pause; each is `factor` times the one before, less up to a quarter at random. */
  readonly pauseMs?: { readonly first: number; readonly longest: number; readonly factor?: number };
  /** Makes one attempt: resolves with the value, or with undefined for "not yet". */
  attempt(nth: number): Promise<T | undefined>;
  /** Returns the pause after an error, usually `backoffMs`, or undefined to throw the error. Default: throw it. */
  pauseAfter?(error: unknown, backoffMs: number): number | undefined;
  /** Called before each pause that follows an error. */
  onRetry?(error: unknown): void;
  /** Called every `sayEveryMs` (10 s) with the time that has passed. */
  say?(waitedMs: number): void;
  readonly sayEveryMs?: number;
  /** Makes the error for "not yet" at the deadline or after the last attempt. */
  late?(waitedMs: number): CodedError;
}

const BACKOFF = { first: 250, longest: 3_000, factor: 1.6 };

/**
 * Attempts until there is a value, with exponential backoff. At the deadline there is one last attempt, but an error
 * whose pause would end after the deadline is thrown at once. An abort throws the signal's reason.
 */
export async function retry<T>(options: RetryOptions<T>): Promise<T> {
  const { clock, signal, attempts = Number.POSITIVE_INFINITY, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const { first, longest, factor = BACKOFF.factor } = options.pauseMs ?? BACKOFF;
  const say = sayer(options);
  const startMs = clock.now();
  let backoff = first;
  for (let nth = 1; ; nth++) {
    signal.throwIfAborted();
    const jittered = backoff * (0.75 + Math.random() * 0.25);
    const outcome = await attemptOnce(options, nth, jittered);
    if (outcome.value !== undefined) return outcome.value;
    const waitedMs = clock.now() - startMs;
    const leftMs = deadlineMs - waitedMs;
    const isLast = nth >= attempts || leftMs <= 0;
    if ("error" in outcome) {
      if (isLast || outcome.pauseMs > leftMs) throw outcome.error;
      options.onRetry?.(outcome.error);
    } else if (isLast) throw options.late?.(waitedMs) ?? new Error(`no value after ${nth} attempts`);
    say(waitedMs);
    await clock.sleep(Math.min(outcome.pauseMs, leftMs), signal);
    backoff = Math.min(backoff * factor, longest);
  }
}

type Outcome<T> = { readonly value: T | undefined; readonly pauseMs: number; readonly error?: unknown };

async function attemptOnce<T>(
  { signal, attempt, pauseAfter }: RetryOptions<T>,
  nth: number,
  backoffMs: number,
): Promise<Outcome<T>> {
  try {
    return { value: await attempt(nth), pauseMs: backoffMs };
  } catch (error) {
    signal.throwIfAborted();
    const pauseMs = pauseAfter?.(error, backoffMs);
    if (pauseMs === undefined) throw error;
    return { value: undefined, pauseMs, error };
  }
}

function sayer<T>({ say, sayEveryMs = 10_000 }: RetryOptions<T>): (waitedMs: number) => void {
  let saidMs = 0;
  return (waitedMs) => {
    if (waitedMs - saidMs < sayEveryMs) return;
    saidMs = waitedMs;
    say?.(waitedMs);
  };
}
