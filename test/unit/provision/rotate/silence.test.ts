import { Command } from "commander";
import { describe, expect, it } from "vitest";
import rotateCommand from "../../../../src/cli/commands/rotate.ts";
import type { Holder, Holders } from "../../../../src/provision/rotate/holders.ts";
import { untilSilent } from "../../../../src/provision/rotate/holders.ts";

const HOLDER: Holder = { project: "shop", who: "container old-1", why: "has not been restarted since" };
const MAYBE: Holder = { project: "shop", who: "browsers with a page of web", why: "they keep it" };
const MINUTE = 60_000;

/** Sleeping moves the clock; who is seen is a matter of the time. */
function watching(seen: (nowMs: number) => readonly Holder[], startMs = 0) {
  let nowMs = startMs;
  const said: string[] = [];
  const looks: number[] = [];
  const clock = {
    now: () => nowMs,
    async sleep(ms: number, signal?: AbortSignal) {
      signal?.throwIfAborted();
      nowMs += ms;
    },
  };
  return {
    said,
    looks,
    nowMs: () => nowMs,
    wait: (restartedAtMs: number, silentForMs: number): Promise<Holders> =>
      untilSilent(
        {
          clock,
          signal: new AbortController().signal,
          nowMs: () => nowMs,
          look: async (sinceMs) => {
            looks.push(sinceMs);
            return { now: seen(nowMs), maybe: [MAYBE] };
          },
          say: (text) => said.push(text),
        },
        restartedAtMs,
        silentForMs,
      ),
  };
}

describe("the watch over the old key", () => {
  it("lasts as long as asked, counted from the last restart, and reports who cannot be seen", async () => {
    const watch = watching(() => []);
    expect(await watch.wait(0, MINUTE)).toEqual({ now: [], maybe: [MAYBE] });
    expect(watch.nowMs()).toBe(MINUTE);
    expect(watch.said[0]).toBe("checking that nothing uses the old key: 60 s left");
  });

  it("ends at once when the last restart was long ago", async () => {
    const watch = watching(() => [], 2 * MINUTE);
    await watch.wait(MINUTE, MINUTE);
    expect(watch.nowMs()).toBe(2 * MINUTE);
    expect(watch.looks).toHaveLength(1);
  });

  it("looks at each period of time once", async () => {
    const watch = watching(() => []);
    await watch.wait(0, MINUTE);
    expect(new Set(watch.looks).size).toBeGreaterThan(10);
    expect(watch.looks).toEqual([0, ...watch.looks.slice(1)].sort((a, b) => a - b));
  });

  it("starts again when somebody was seen with the key", async () => {
    const watch = watching((now) => (now >= 20_000 && now < 25_000 ? [HOLDER] : []));
    await watch.wait(0, MINUTE);
    expect(watch.nowMs()).toBeGreaterThanOrEqual(80_000);
    expect(watch.said).toContain("the old key is still held by container old-1");
  });

  it("fails at its end with the names of those who still have the key", async () => {
    const watch = watching(() => [HOLDER]);
    await expect(watch.wait(0, MINUTE)).rejects.toMatchObject({
      code: "GC1408",
      problems: ["shop: container old-1: has not been restarted since"],
      remedy: expect.stringContaining("--keep-old"),
    });
    expect(watch.nowMs()).toBe(MINUTE);
  });

  it("looks once when the time is zero", async () => {
    const watch = watching(() => []);
    await watch.wait(0, 0);
    expect(watch.looks).toEqual([0]);
    await expect(watching(() => [HOLDER]).wait(0, 0)).rejects.toMatchObject({ code: "GC1408" });
  });

  it("looks every 30 s when it lasts an hour", async () => {
    const watch = watching(() => []);
    await watch.wait(0, 60 * MINUTE);
    expect(watch.looks.length).toBeLessThan(150);
  });
});

it("takes half a minute where nothing is said, so that a rotation on a real server ends within 45 s", () => {
  expect(rotateCommand.flags?.(new Command()).opts()).toMatchObject({ silentFor: "30s" });
});
