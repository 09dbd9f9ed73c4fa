import type { Clock } from "../base/wait.ts";
import { AnswerError } from "./answers.ts";
import { TransportError } from "./transport.ts";

/** Unless told otherwise. */
const TRIES = 4;
/** A server that asks for more is reported instead of waited for. */
export const LONGEST_WAIT_MS = 60_000;

export interface Patience {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The first one among them. */
  readonly tries?: number | undefined;
}

/** True when the server may have carried the request out although no good answer came. */
export function outcomeUnknown(error: unknown): boolean {
  if (error instanceof TransportError) return error.sent;
  return error instanceof AnswerError && (error.status >= 500 || error.code === "GC1208");
}

/**
 * Repeats after any passing failure what is `harmless` to do twice, as reads and deletes are; else only where the server
 * is known not to have acted.
 */
export async function repeatPatiently<T>(
  { clock, signal, tries = TRIES }: Patience,
  harmless: boolean,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = attempt >= tries ? undefined : pauseBefore(error, harmless, attempt);
      if (pauseMs === undefined) throw error;
      await clock.sleep(pauseMs, signal);
    }
  }
}

/** Milliseconds until the next try, or undefined for none. */
function pauseBefore(error: unknown, harmless: boolean, attempt: number): number | undefined {
  const backoff = 250 * 2 ** attempt * (0.75 + Math.random() * 0.25);
  if (error instanceof AnswerError && error.code === "GC1207") {
    const asked = error.retryAfterMs ?? backoff;
    return asked <= LONGEST_WAIT_MS ? asked : undefined;
  }
  if (error instanceof TransportError && !error.sent) return backoff;
  return harmless && outcomeUnknown(error) ? backoff : undefined;
}
