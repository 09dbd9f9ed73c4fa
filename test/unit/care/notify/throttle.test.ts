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

/** Which of these are told, in turn. */
function told(...notices: Notice[]) {
  let memory: ThrottleMemory = {};
  return notices.map((notice) => {
    const { tell, repeated, next } = throttle(memory, "ops", notice, 12 * HOUR_MS);
    memory = next;
    return repeated === undefined ? tell : repeated.times;
  });
}

describe("the same thing", () => {
  it("is told once per period, and then with how often it was kept back", () => {
    expect(told(failed(0), failed(1), failed(HOUR_MS), failed(12 * HOUR_MS), failed(12 * HOUR_MS + 1))).toEqual([
      true,
      false,
      false,
      2,
      false,
    ]);
  });

  it("is not another event, nor the same of something else", () => {
    expect(told(failed(0), failed(1, { about: "/backups" }), failed(2, { event: "queue-stuck" }))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("that is over is told once, if its beginning was, and then is new again", () => {
    const over = (atMs: number) => failed(atMs, { state: "over" });
    expect(told(over(0), failed(1), over(2), over(3), failed(4))).toEqual([false, true, true, false, true]);
  });

  it("is remembered for each channel on its own", () => {
    const { next } = throttle({}, "ops", failed(0), HOUR_MS);
    expect(throttle(next, "chat", failed(1), HOUR_MS).tell).toBe(true);
    expect(throttle(next, "ops", failed(1), HOUR_MS).tell).toBe(false);
  });

  it("is forgotten when it was long ago", () => {
    const { next } = throttle({}, "ops", failed(0), HOUR_MS);
    expect(Object.keys(forgetOld(next, 1))).toEqual([]);
    expect(Object.keys(forgetOld(next, 0))).toHaveLength(1);
  });
});
