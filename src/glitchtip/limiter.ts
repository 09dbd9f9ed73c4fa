import type { Clock } from "../base/wait.ts";
import { type HttpAnswer, HttpError, retryAfterMs } from "../http/http.ts";
import { LONGEST_WAIT_MS } from "./retry.ts";
import type { Transport } from "./transport.ts";

/** A web process of GlitchTip is busy with two requests for each worker (docs/glitchtip-facts.md, "Load and memory"). */
const START = 4;
const MOST = 16;

export interface LimiterOptions {
  readonly clock: Clock;
  readonly start?: number;
  readonly most?: number;
}

export interface LimitedTransport extends Transport {
  /** How many requests may be in flight now. */
  readonly limit: number;
}

/**
 * Limits the requests in flight to one server by additive increase, multiplicative decrease: a full round of answers
 * allows one more; a 429, a 503 or a broken connection halves the limit, and nothing is sent before `Retry-After` is over.
 */
export function limitTransport(
  transport: Transport,
  { clock, start = START, most = MOST }: LimiterOptions,
): LimitedTransport {
  let limit = Math.min(start, most);
  let answers = 0;
  let decreases = 0;
  let pausedUntilMs = 0;
  /** The answer of a server that asks for more time than anybody waits. */
  let refusal: { readonly answer: HttpAnswer; readonly untilMs: number } | undefined;
  const slots = openSlots(() => limit);

  const increase = () => {
    if (!slots.isFull() || ++answers < limit) return;
    answers = 0;
    limit = Math.min(most, limit + 1);
  };
  /** Requests that were in flight together fail together: all their failures are one decrease. */
  const decrease = (decreasesAtStart: number) => {
    if (decreasesAtStart !== decreases) return;
    decreases++;
    answers = 0;
    limit = Math.max(1, Math.floor(limit / 2));
  };
  const sendOnce: Transport["send"] = async (request, signal) => {
    for (let leftMs = pausedUntilMs - clock.now(); leftMs > 0; leftMs = pausedUntilMs - clock.now()) {
      await clock.sleep(leftMs, signal);
    }
    if (refusal !== undefined && clock.now() < refusal.untilMs) return refusal.answer;
    const before = decreases;
    try {
      const answer = await transport.send(request, signal);
      if (answer.status !== 429 && answer.status !== 503) {
        increase();
        return answer;
      }
      decrease(before);
      const untilMs = clock.now() + (retryAfterMs(answer) ?? 0);
      if (untilMs - clock.now() <= LONGEST_WAIT_MS) pausedUntilMs = Math.max(pausedUntilMs, untilMs);
      else refusal = { answer, untilMs };
      return answer;
    } catch (error) {
      if (error instanceof HttpError && error.sent) decrease(before);
      throw error;
    }
  };
  return {
    ...transport,
    get limit() {
      return limit;
    },
    send: (request, signal) => slots.run(() => sendOnce(request, signal), signal),
  };
}

/** Allows at most `most` requests in flight; the others wait in order, and their timeouts have not begun. */
export function limitInFlight(transport: Transport, most: number): Transport {
  const slots = openSlots(() => most);
  return {
    ...transport,
    send: (request, signal) => slots.run(() => transport.send(request, signal), signal),
  };
}

/** A semaphore that is fair (first in, first out) and whose size may change. */
function openSlots(size: () => number) {
  let used = 0;
  const waiting: (() => void)[] = [];
  return {
    /** True while work waits for a slot. */
    isFull: () => waiting.length > 0,
    async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
      if (used < size()) used++;
      else await new Promise<void>((proceed) => waiting.push(proceed));
      try {
        signal.throwIfAborted();
        return await work();
      } finally {
        used--;
        for (let next: (() => void) | undefined; used < size(); next()) {
          next = waiting.shift();
          if (next === undefined) break;
          used++;
        }
      }
    },
  };
}
