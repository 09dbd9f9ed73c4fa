import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { systemClock, untilAborted, type WaitOptions, waitUntil } from "../../../src/base/wait.ts";
import { fakeClock } from "../../support/fake-clock.ts";

const never = new AbortController().signal;
const late = (waitedMs: number) => new CodedError("GC1203", `late after ${Math.round(waitedMs)}`);

function options<T>(over: Partial<WaitOptions<T>>): WaitOptions<T> {
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

describe("waitUntil", () => {
  it("gives what is there at once without any pause", async () => {
    const clock = fakeClock();
    expect(await waitUntil(options({ clock, attempt: thereAt(1) }))).toBe("look 1");
    expect(clock.slept).toEqual([]);
  });

  it("takes false, zero and the empty string for values: only undefined is not yet", async () => {
    for (const value of [false, 0, "", null]) {
      expect(await waitUntil(options({ attempt: async () => value }))).toBe(value);
    }
  });

  it("pauses longer from look to look up to the longest, each by up to a quarter shorter", async () => {
    const clock = fakeClock();
    await waitUntil(options({ clock, pauseMs: { first: 100, longest: 400 }, attempt: thereAt(8) }));
    const full = [100, 160, 256, 400, 400, 400, 400];
    expect(clock.slept).toHaveLength(full.length);
    for (const [at, ms] of clock.slept.entries()) {
      expect(ms).toBeLessThanOrEqual(full[at]!);
      expect(ms).toBeGreaterThanOrEqual(full[at]! * 0.75);
    }
  });

  it("is late exactly at the deadline, after a last look, and tells how long it waited", async () => {
    const clock = fakeClock();
    let looks = 0;
    const attempt = async () => {
      looks += 1;
      return undefined;
    };
    await expect(waitUntil(options({ clock, deadlineMs: 5_000, attempt }))).rejects.toThrow("late after 5000");
    expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(5_000);
    expect(looks).toBe(clock.slept.length + 1);
  });

  it("counts what the looks themselves take", async () => {
    const clock = fakeClock();
    const attempt = async () => clock.pass(7_000) as undefined;
    await expect(waitUntil(options({ clock, deadlineMs: 5_000, attempt }))).rejects.toThrow("late after 7000");
    expect(clock.slept).toEqual([]);
  });

  it("says every ten seconds how long it has waited", async () => {
    const said: number[] = [];
    const pauseMs = { first: 1_000, longest: 1_000 };
    await waitUntil(options({ attempt: thereAt(35), pauseMs, say: (waitedMs) => said.push(waitedMs) })).catch(() => {});
    expect(said.length).toBeGreaterThanOrEqual(2);
    for (const [at, ms] of said.entries()) expect(ms - (said[at - 1] ?? 0)).toBeGreaterThanOrEqual(10_000);
    for (const [at, ms] of said.entries()) expect(ms - (said[at - 1] ?? 0)).toBeLessThan(11_000);
  });

  it("ends with the signal's own reason: before the first look, between looks and in a pause", async () => {
    const stop = new AbortController();
    const reason = new CodedError("GC1003", "stopped by SIGTERM");
    const attempt = thereAt(9, () => stop.abort(reason));
    await expect(waitUntil(options({ signal: stop.signal, attempt }))).rejects.toBe(reason);
    await expect(waitUntil(options({ signal: AbortSignal.abort(reason), attempt: thereAt(1) }))).rejects.toBe(reason);
  });

  it("passes on what a look throws, at once", async () => {
    const clock = fakeClock();
    const attempt = async () => {
      throw new CodedError("GC1204", "a redirect");
    };
    await expect(waitUntil(options({ clock, attempt }))).rejects.toMatchObject({ code: "GC1204" });
    expect(clock.slept).toEqual([]);
  });
});

describe("systemClock", () => {
  it("sleeps, and wakes with the signal's own reason", async () => {
    await systemClock.sleep(1);
    const stop = new AbortController();
    const sleeping = systemClock.sleep(60_000, stop.signal);
    stop.abort("enough");
    await expect(sleeping).rejects.toBe("enough");
    await expect(systemClock.sleep(60_000, AbortSignal.abort("before"))).rejects.toBe("before");
  });
});

it("untilAborted ends with the signal, also with one that was aborted before", async () => {
  const stop = new AbortController();
  const waiting = untilAborted(stop.signal);
  stop.abort();
  await waiting;
  await untilAborted(AbortSignal.abort());
});
