import { describe, expect, it } from "vitest";
import type { Notice } from "../../../../src/care/notify/notice.ts";
import { forgetOld, type ThrottleMemory, throttle } from "../../../../src/care/notify/throttle.ts";

const HOUR_MS = 3_600_000;
const failed = (atMs: number, more: Partial<Notice> = {}): Notice => ({
  event: "disk-low",
  about: "/care",
  state: "failed",
  instance: "shop",
  title: "",
  lines: [],
  atMs,
  ...more,
});

/** Returns which of these notices are sent, in order. */
function told(...notices: Notice[]) {
  let memory: ThrottleMemory = {};
  return notices.map((notice) => {
    const { tell, repeated, next } = throttle(memory, "ops", notice, 12 * HOUR_MS);
    memory = next;
    return repeated === undefined ? tell : repeated.times;
  });
}

describe("a repeated notice", () => {
  it("is sent once per period, with the number of repetitions that were held back", () => {
    expect(told(failed(0), failed(1), failed(HOUR_MS), failed(12 * HOUR_MS), failed(12 * HOUR_MS + 1))).toEqual([
      true,
      false,
      false,
      2,
      false,
    ]);
  });

  it("is different for another event or another thing", () => {
    expect(told(failed(0), failed(1, { about: "/backups" }), failed(2, { event: "queue-stuck" }))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("of an end is sent once if the beginning was sent, and the next problem is new again", () => {
    const over = (atMs: number) => failed(atMs, { state: "over" });
    expect(told(over(0), failed(1), over(2), over(3), failed(4))).toEqual([false, true, true, false, true]);
  });

  it("is remembered for each channel separately", () => {
    const { next } = throttle({}, "ops", failed(0), HOUR_MS);
    expect(throttle(next, "chat", failed(1), HOUR_MS).tell).toBe(true);
    expect(throttle(next, "ops", failed(1), HOUR_MS).tell).toBe(false);
  });

  it("is forgotten after a long time", () => {
    const { next } = throttle({}, "ops", failed(0), HOUR_MS);
    expect(Object.keys(forgetOld(next, 1))).toEqual([]);
    expect(Object.keys(forgetOld(next, 0))).toHaveLength(1);
  });
});
