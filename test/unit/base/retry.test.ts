import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { type RetryOptions, retry } from "../../../src/base/retry.ts";
import { systemClock, untilAborted } from "../../../src/base/wait.ts";
import { fakeClock } from "../../support/fake-clock.ts";

const never = new AbortController().signal;
const late = (waitedMs: number) => new CodedError("GC1203", `late after ${Math.round(waitedMs)}`);

function options<T>(over: Partial<RetryOptions<T>>): RetryOptions<T> {
  return { clock: fakeClock(), signal: never, deadlineMs: 60_000, attempt: async () => undefined, late, ...over };
}

/** Something that is there at the n-th look. */
function thereAt(nth: number, then: () => void = () => {}) {
  let looks = 0;
  return async () => {
    then();
    return ++looks >= nth ? `look ${looks}` : undefined;
  };
}

describe("retry", () => {
  it("returns a value that is there at once without a pause", async () => {
    const clock = fakeClock();
    expect(await retry(options({ clock, attempt: thereAt(1) }))).toBe("look 1");
    expect(clock.slept).toEqual([]);
  });

  it("treats false, zero and the empty string as values: only undefined means not yet", async () => {
    for (const value of [false, 0, "", null]) {
      expect(await retry(options({ attempt: async () => value }))).toBe(value);
    }
  });

  it("increases its pauses up to the longest, each less up to a quarter", async () => {
    const clock = fakeClock();
    await retry(options({ clock, pauseMs: { first: 100, longest: 400 }, attempt: thereAt(8) }));
    const full = [100, 160, 256, 400, 400, 400, 400];
    expect(clock.slept).toHaveLength(full.length);
    for (const [at, ms] of clock.slept.entries()) {
      expect(ms).toBeLessThanOrEqual(full[at]!);
      expect(ms).toBeGreaterThanOrEqual(full[at]! * 0.75);
    }
  });

  it("ends exactly at the deadline, after a last attempt, and reports how long it waited", async () => {
    const clock = fakeClock();
    let looks = 0;
    const attempt = async () => {
      looks += 1;
      return undefined;
    };
    await expect(retry(options({ clock, deadlineMs: 5_000, attempt }))).rejects.toThrow("late after 5000");
    expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(5_000);
    expect(looks).toBe(clock.slept.length + 1);
  });

  it("counts the time of the attempts themselves", async () => {
    const clock = fakeClock();
    const attempt = async () => clock.pass(7_000) as undefined;
    await expect(retry(options({ clock, deadlineMs: 5_000, attempt }))).rejects.toThrow("late after 7000");
    expect(clock.slept).toEqual([]);
  });

  it("says every ten seconds how long it has waited", async () => {
    const said: number[] = [];
    const pauseMs = { first: 1_000, longest: 1_000 };
    await retry(options({ attempt: thereAt(35), pauseMs, say: (waitedMs) => said.push(waitedMs) })).catch(() => {});
    expect(said.length).toBeGreaterThanOrEqual(2);
    for (const [at, ms] of said.entries()) expect(ms - (said[at - 1] ?? 0)).toBeGreaterThanOrEqual(10_000);
    for (const [at, ms] of said.entries()) expect(ms - (said[at - 1] ?? 0)).toBeLessThan(11_000);
  });

  it("ends with the signal's reason before the first attempt, between attempts and in a pause", async () => {
    const stop = new AbortController();
    const reason = new CodedError("GC1003", "stopped by SIGTERM");
    const attempt = thereAt(9, () => stop.abort(reason));
    await expect(retry(options({ signal: stop.signal, attempt }))).rejects.toBe(reason);
    await expect(retry(options({ signal: AbortSignal.abort(reason), attempt: thereAt(1) }))).rejects.toBe(reason);
  });

  it("throws an error of an attempt at once", async () => {
    const clock = fakeClock();
    const attempt = async () => {
      throw new CodedError("GC1204", "a redirect");
    };
    await expect(retry(options({ clock, attempt }))).rejects.toMatchObject({ code: "GC1204" });
    expect(clock.slept).toEqual([]);
  });
});

describe("retry after an error", () => {
  const failing = (errors: readonly string[]) => {
    const left = [...errors];
    return async () => {
      const message = left.shift();
      if (message !== undefined) throw new Error(message);
      return "done";
    };
  };
  const usual = (_: unknown, backoffMs: number) => backoffMs;

  it("pauses twice as long each time where that is the factor, and ends with the value", async () => {
    const clock = fakeClock();
    const pauseMs = { first: 500, longest: 10_000, factor: 2 };
    const attempt = failing(["a", "b", "c"]);
    expect(await retry(options({ clock, pauseMs, attempt, pauseAfter: usual }))).toBe("done");
    for (const [at, full] of [500, 1_000, 2_000].entries()) {
      expect(clock.slept[at]).toBeLessThanOrEqual(full);
      expect(clock.slept[at]).toBeGreaterThanOrEqual(full * 0.75);
    }
  });

  it("throws the last error after the last attempt", async () => {
    const clock = fakeClock();
    const attempt = failing(["a", "b", "c"]);
    await expect(retry(options({ clock, attempts: 2, attempt, pauseAfter: usual }))).rejects.toThrow("b");
    expect(clock.slept).toHaveLength(1);
  });

  it("throws it at once where its pause would end after the deadline", async () => {
    const clock = fakeClock();
    const given = { clock, attempt: failing(["busy"]), deadlineMs: 5_000, pauseAfter: () => 6_000 };
    await expect(retry(options(given))).rejects.toThrow("busy");
    expect(clock.slept).toEqual([]);
  });

  it("tells each error before its pause", async () => {
    const told: unknown[] = [];
    const attempt = failing(["a", "b"]);
    await retry(options({ attempt, pauseAfter: usual, onRetry: (error) => told.push(String(error)) }));
    expect(told).toEqual(["Error: a", "Error: b"]);
  });
});

describe("systemClock", () => {
  it("sleeps, and rejects with the signal's reason", async () => {
    await systemClock.sleep(1);
    const stop = new AbortController();
    const sleeping = systemClock.sleep(60_000, stop.signal);
    stop.abort("enough");
    await expect(sleeping).rejects.toBe("enough");
    await expect(systemClock.sleep(60_000, AbortSignal.abort("before"))).rejects.toBe("before");
  });
});

it("untilAborted resolves with the signal, also with one that was aborted before", async () => {
  const stop = new AbortController();
  const waiting = untilAborted(stop.signal);
  stop.abort();
  await waiting;
  await untilAborted(AbortSignal.abort());
});
