import { CodedError } from "../../../src/base/errors.ts";
import { retry } from "../../../src/base/retry.ts";
import { systemClock } from "../../../src/base/wait.ts";

/** Asks again until there is a value. */
export function until<T>(what: string, attempt: () => Promise<T | undefined>, withinMs = 60_000): Promise<T> {
  return retry({
    clock: systemClock,
    signal: new AbortController().signal,
    deadlineMs: withinMs,
    pauseMs: { first: 100, longest: 500 },
    attempt,
    late: (waitedMs) => new CodedError("GC1605", `${what}: not within ${Math.round(waitedMs / 1_000)} s`),
  });
}
