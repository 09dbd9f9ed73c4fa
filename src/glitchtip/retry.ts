import { retry } from "../base/retry.ts";
import type { Clock } from "../base/wait.ts";
import { HttpError } from "../http/http.ts";
import { AnswerError } from "./answers.ts";

const ATTEMPTS = 4;
const BACKOFF = { first: 500, longest: 30_000, factor: 2 };
/** A server that asks for a longer wait is reported instead. */
export const LONGEST_WAIT_MS = 60_000;

export interface RetryContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How often a request is sent at most. Default 4. */
  readonly attempts?: number | undefined;
}

/** True when the server may have carried the request out although no good answer came. */
export function outcomeUnknown(error: unknown): boolean {
  if (error instanceof HttpError) return error.sent;
  return error instanceof AnswerError && (error.status >= 500 || error.code === "GC1208");
}

/**
 * Retries an `idempotent` request, as reads and deletes are, after any passing failure; another one only where the server
 * is known not to have carried it out.
 */
export async function retryRequest<T>(
  { clock, signal, attempts = ATTEMPTS }: RetryContext,
  idempotent: boolean,
  work: () => Promise<T>,
): Promise<T> {
  const { value } = await retry<{ readonly value: T }>({
    clock,
    signal,
    attempts,
    pauseMs: BACKOFF,
    attempt: async () => ({ value: await work() }),
    pauseAfter: (error, backoffMs) => pauseAfter(error, idempotent, backoffMs),
  });
  return value;
}

function pauseAfter(error: unknown, idempotent: boolean, backoffMs: number): number | undefined {
  if (error instanceof AnswerError && error.code === "GC1207") {
    const askedMs = error.retryAfterMs ?? backoffMs;
    return askedMs <= LONGEST_WAIT_MS ? askedMs : undefined;
  }
  if (error instanceof HttpError && !error.sent) return backoffMs;
  if (!idempotent || !outcomeUnknown(error)) return undefined;
  const askedMs = error instanceof AnswerError ? (error.retryAfterMs ?? 0) : 0;
  return askedMs <= LONGEST_WAIT_MS ? Math.max(askedMs, backoffMs) : undefined;
}

const CREATES = 3;

/**
 * Creates an object whose create is not idempotent: after an error with an unknown outcome `look` is asked first, and
 * what it finds is the result.
 */
export async function createOnce<T>(
  { clock, signal }: Pick<RetryContext, "clock" | "signal">,
  create: () => Promise<T>,
  look: () => Promise<T | undefined>,
): Promise<T> {
  let failure: unknown;
  return await retry<T>({
    clock,
    signal,
    attempts: CREATES + 1,
    pauseMs: BACKOFF,
    async attempt(nth) {
      const found = nth === 1 ? undefined : await look();
      if (found !== undefined) return found;
      if (nth > CREATES) throw failure;
      try {
        return await create();
      } catch (error) {
        failure = error;
        throw error;
      }
    },
    // An error of `look` is final.
    pauseAfter: (error, backoffMs) => (error === failure && outcomeUnknown(error) ? backoffMs : undefined),
  });
}
