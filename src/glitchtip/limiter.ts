import type { Clock } from "../base/wait.ts";
import type { HttpAnswer } from "../http/http.ts";
import { retryAfterMs } from "./answers.ts";
import { backOff, type Limit, nextLimit, startLimit } from "./limit.ts";
import { LONGEST_WAIT_MS } from "./retry.ts";
import type { Transport } from "./transport.ts";

/** Lets as many pieces of work run at once as their server has room for. One for each server. */
export interface Limiter {
  /** How many may run now. */
  readonly limit: number;
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** The server asked for it: nothing new starts for so long, and fewer after that. */
  pause(ms: number): void;
}

export interface LimiterOptions {
  readonly clock: Clock;
  readonly start?: number;
  readonly most?: number;
}

/** A window is so many requests and so many rounds, at least: fewer tell more of chance than of the server. */
const WINDOW_LEAST = 12;
const ROUNDS_LEAST = 3;

export function openLimiter({ clock, start, most }: LimiterOptions): Limiter {
  let state: Limit = startLimit(start, most);
  let active = 0;
  let pausedUntilMs = 0;
  const waiting: (() => void)[] = [];
  /** `unsettled`: so many still belong to the limit before. */
  const fresh = (unsettled = 0) => ({
    startMs: clock.now(),
    unsettled,
    completed: 0,
    latencyMs: 0,
    leastMs: Number.POSITIVE_INFINITY,
  });
  let window = fresh();

  const proceed = () => {
    while (active < state.limit) {
      const next = waiting.shift();
      if (next === undefined) return;
      active++;
      next();
    }
  };

  const completed = (latencyMs: number) => {
    // Only a full house tells what the server can do.
    if (waiting.length === 0) {
      window = fresh();
      return;
    }
    if (window.unsettled > 0) {
      window.unsettled--;
      if (window.unsettled === 0) window = fresh();
      return;
    }
    window.completed++;
    window.latencyMs += latencyMs;
    window.leastMs = Math.min(window.leastMs, latencyMs);
    // Whole rounds: requests that begin together end together.
    if (window.completed < state.limit * Math.max(ROUNDS_LEAST, Math.ceil(WINDOW_LEAST / state.limit))) return;
    const before = state.limit;
    state = nextLimit(state, {
      completed: window.completed,
      elapsedMs: clock.now() - window.startMs,
      meanLatencyMs: window.latencyMs / window.completed,
      leastLatencyMs: window.leastMs,
    });
    window = fresh(state.limit === before ? 0 : before);
  };

  return {
    get limit() {
      return state.limit;
    },
    async run(work, signal) {
      if (active < state.limit) active++;
      else await new Promise<void>((go) => waiting.push(go));
      try {
        signal.throwIfAborted();
        for (let leftMs = pausedUntilMs - clock.now(); leftMs > 0; leftMs = pausedUntilMs - clock.now()) {
          await clock.sleep(leftMs, signal);
        }
        const startMs = clock.now();
        const result = await work();
        completed(clock.now() - startMs);
        return result;
      } finally {
        active--;
        proceed();
      }
    },
    pause(ms) {
      // Several requests of one moment are refused at once: that is one refusal.
      if (clock.now() >= pausedUntilMs) state = backOff(state);
      pausedUntilMs = Math.max(pausedUntilMs, clock.now() + ms);
      window = fresh();
    },
  };
}

/** The same transport with no more in flight than the limiter lets, and silent for as long as a 429 asks. */
export function limitTransport(transport: Transport, limiter: Limiter, clock: Clock): Transport {
  let refused: { readonly answer: HttpAnswer; readonly untilMs: number } | undefined;
  return {
    ...transport,
    send: (request, signal) =>
      limiter.run(async () => {
        // One that asks for more than anybody waits is not asked again before.
        if (refused !== undefined && clock.now() < refused.untilMs) return refused.answer;
        const answer = await transport.send(request, signal);
        if (answer.status === 429) {
          const askedMs = retryAfterMs(answer) ?? 0;
          if (askedMs <= LONGEST_WAIT_MS) limiter.pause(askedMs);
          else refused = { answer, untilMs: clock.now() + askedMs };
        }
        return answer;
      }, signal),
  };
}
