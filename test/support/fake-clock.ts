import type { Clock } from "../../src/base/wait.ts";

/** A clock whose time passes only by sleeping, which takes no real time. */
export interface FakeClock extends Clock {
  /** The milliseconds of each sleep. */
  readonly slept: readonly number[];
  /** Lets time pass without a sleep. */
  pass(ms: number): void;
}

export function fakeClock(startMs = 1_000_000): FakeClock {
  let now = startMs;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    pass(ms) {
      now += ms;
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}
