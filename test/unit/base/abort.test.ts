import { describe, expect, it } from "vitest";
import { linkSignals, onAbort } from "../../../src/base/abort.ts";
import { retry } from "../../../src/base/retry.ts";
import { systemClock } from "../../../src/base/wait.ts";

/** A controller that counts the listeners on its signal, and the most at one time. */
function counted() {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = { now: 0, most: 0 };
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners.most = Math.max(listeners.most, ++listeners.now);
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners.now--;
    removeEventListener.apply(signal, args);
  };
  return { controller, signal, listeners };
}

describe("waiting on one signal", () => {
  it("a hundred times leaves no listener, and needs one at most: sleeps, retries and linked signals", async () => {
    const { signal, listeners } = counted();
    const waits = Array.from({ length: 100 }, async () => {
      using linked = linkSignals([signal], 10_000);
      await systemClock.sleep(1, linked.signal);
      await systemClock.sleep(1, signal);
      let looks = 0;
      const attempt = async () => (++looks > 2 ? true : undefined);
      await retry({ clock: systemClock, signal, attempts: 3, pauseMs: { first: 1, longest: 1 }, attempt });
    });
    await Promise.all(waits);
    expect(listeners).toEqual({ now: 0, most: 1 });
  });

  it("calls everybody once when it is aborted, but nobody who has cancelled", () => {
    const { controller, signal, listeners } = counted();
    const called: string[] = [];
    onAbort(signal, () => called.push("a"));
    const cancel = onAbort(signal, () => called.push("b"));
    onAbort(signal, () => called.push("c"));
    cancel();
    cancel();
    controller.abort();
    onAbort(signal, () => called.push("late"));
    expect(called).toEqual(["a", "c", "late"]);
    expect(listeners.now).toBe(0);
  });
});

describe("a linked signal", () => {
  it("is aborted with the first of its parents, and with its reason", () => {
    const [first, second] = [new AbortController(), new AbortController()];
    using linked = linkSignals([first.signal, undefined, second.signal]);
    second.abort("second");
    first.abort("first");
    expect(linked.signal.reason).toBe("second");
  });

  it("is aborted from its start by a parent that is, by hand, and after its time", async () => {
    using early = linkSignals([AbortSignal.abort("before")]);
    using byHand = linkSignals([]);
    byHand.abort("enough");
    using timed = linkSignals([], 1);
    await systemClock.sleep(20);
    expect(early.signal.reason).toBe("before");
    expect(byHand.signal.reason).toBe("enough");
    expect(timed.signal.reason).toMatchObject({ name: "TimeoutError" });
  });
});
