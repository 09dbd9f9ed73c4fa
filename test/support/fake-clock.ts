import type { Clock } from "../../src/base/wait.ts";

/** Time that passes only while somebody sleeps, at once. */
export interface FakeClock extends Clock {
  /** Milliseconds of each sleep. */
  readonly slept: readonly number[];
  /** As if something took so long. */
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
