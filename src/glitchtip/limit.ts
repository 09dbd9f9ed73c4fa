/** What a full window of requests showed: as many in flight as allowed from its begin to its end. */
export interface Window {
  readonly completed: number;
  readonly elapsedMs: number;
  readonly meanLatencyMs: number;
  readonly leastLatencyMs: number;
}

interface Measured {
  readonly limit: number;
  readonly throughput: number;
}

type Trial = "none" | "more" | "fewer";

/** How many requests may be in flight, and what is being tried. */
export interface Limit {
  readonly limit: number;
  readonly least: number;
  readonly most: number;
  readonly trial: Trial;
  /** What failed last: the other is tried next. */
  readonly failed: Trial;
  /** Before the trial. */
  readonly before: Measured | undefined;
  /** The highest throughput lately, in requests per millisecond. */
  readonly best: number;
  /** The shortest latency lately: what a request takes that waits for no other. */
  readonly fastestMs: number;
  /** Windows until more is tried again, and how many the next failed trial will cost. */
  readonly rest: number;
  readonly nextRest: number;
}

/** GlitchTip's web process is full with two requests in flight for each worker (docs/glitchtip-facts.md, "Load and memory"). */
const START = 4;
const LEAST = 2;
const MOST = 32;
const REST_LONGEST = 32;
/** A window's latency so much over the shortest one: requests wait for each other. */
const GROWN = 2.5;
/** More has to bring at least this part of what it would bring to a server with room. */
const WORTH = 0.4;
/** And more than what fewer have brought before. */
const GAIN = 1.03;
/** Fewer may cost this part of the best throughput; less is noise. */
const LOSS = 0.97;
/** The best is forgotten by so much a window, and at once where the same limit brings less than this part of it. */
const FORGET = 0.99;
const CHANGED = 0.7;

export const startLimit = (start = START, most = MOST): Limit => ({
  limit: start,
  least: Math.min(LEAST, start),
  most: Math.max(start, most),
  trial: "none",
  failed: "none",
  before: undefined,
  best: 0,
  fastestMs: Number.POSITIVE_INFINITY,
  rest: 0,
  nextRest: 1,
});

/** Halves until something failed, then quarters. */
const stepOf = ({ limit, failed }: Limit): number => Math.max(1, Math.floor(limit / (failed === "none" ? 2 : 4)));

/**
 * The next limit: it rises only where more in flight brought more throughput, and falls where latency has grown and fewer
 * in flight bring as much.
 */
export function nextLimit(state: Limit, window: Window): Limit {
  const { limit, least, most, before, trial } = state;
  const throughput = window.completed / Math.max(window.elapsedMs, 1);
  const changed = trial === "none" && throughput < CHANGED * state.best;
  const seen: Limit = {
    ...state,
    best: changed ? throughput : Math.max(throughput, state.best * FORGET),
    fastestMs: Math.min(window.leastLatencyMs, state.fastestMs / FORGET),
    trial: "none",
    before: { limit, throughput },
  };
  const more = (): Limit =>
    limit >= most ? seen : { ...seen, trial: "more", limit: Math.min(most, limit + stepOf(state)) };
  if (trial !== "none" && before !== undefined) {
    const hoped = (limit - before.limit) / before.limit;
    const good =
      trial === "more"
        ? Math.max(before.throughput * (1 + WORTH * hoped), GAIN * state.best * FORGET)
        : LOSS * seen.best;
    if (throughput >= good) return trial === "more" ? { ...more(), nextRest: 1 } : seen;
    const nextRest = Math.min(REST_LONGEST, state.nextRest * 2);
    return { ...seen, limit: before.limit, failed: trial, rest: state.nextRest, nextRest };
  }
  if (state.rest > 0) return { ...seen, rest: state.rest - 1 };
  const grown = window.meanLatencyMs > GROWN * seen.fastestMs;
  if (!grown || limit <= least || state.failed === "fewer") return { ...more(), failed: grown ? "none" : state.failed };
  return { ...seen, trial: "fewer", limit: Math.max(least, limit - stepOf({ ...state, failed: "more" })) };
}

/** After a 429: half, and no more is tried for a while. */
export const backOff = (state: Limit): Limit => ({
  ...state,
  limit: Math.max(1, Math.floor(state.limit / 2)),
  least: 1,
  trial: "none",
  before: undefined,
  best: 0,
  rest: 4,
});
