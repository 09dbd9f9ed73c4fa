import { expect, it } from "vitest";
import { ANSWERS_WITHIN_MS, explaining } from "../../../src/docker/silence.ts";
import { fakeDocker } from "../../support/fake-docker.ts";

const ADDRESS = { host: "unix:///engine.sock", via: "a test" };

/** An engine whose calls end with a broken connection after `afterMs`. */
async function engineThat(afterMs: number) {
  let now = 0;
  const calls: string[] = [];
  const fails = (name: string) => async () => {
    calls.push(name);
    now += afterMs;
    throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
  };
  const { engine } = await fakeDocker({
    engine: { containers: fails("containers"), hasVolume: fails("hasVolume") },
  }).located();
  return {
    engine: explaining(engine, ADDRESS, () => now),
    calls,
    wait: (ms: number) => {
      now += ms;
    },
  };
}

it("is waited for once by all calls of a command, and asked again later", async () => {
  const { engine, calls, wait } = await engineThat(ANSWERS_WITHIN_MS);
  const silent = { code: "GC1601", message: expect.stringContaining("said nothing for 30 s") };
  await expect(engine.containers("shop")).rejects.toMatchObject(silent);
  await expect(engine.hasVolume("v")).rejects.toMatchObject(silent);
  expect(calls).toEqual(["containers"]);
  wait(ANSWERS_WITHIN_MS);
  await expect(engine.hasVolume("v")).rejects.toMatchObject(silent);
  expect(calls).toEqual(["containers", "hasVolume"]);
});

it("that closes a connection at once is asked again", async () => {
  const { engine, calls } = await engineThat(10);
  for (const look of [() => engine.containers("shop"), () => engine.hasVolume("v")])
    await expect(look()).rejects.toMatchObject({ code: "GC1601", message: expect.stringContaining("socket hang up") });
  expect(calls).toEqual(["containers", "hasVolume"]);
});
