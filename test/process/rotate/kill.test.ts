import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../src/emulator/index.ts";
import { runProvisioner, startProvisioner, until } from "../../support/provisioner-process.ts";
import type { Folders } from "../../support/provisioning.ts";

import { type Asked, ask, asking, declaration, keyOf, keysOf, provisioned, rotationsIn } from "./rotating.ts";

/** Method and path of each request that this makes of a server in this situation. */
async function requestsOf(request: Asked, ...before: readonly Asked[]) {
  await using world = await provisioned();
  const { emulator, folders } = world;
  for (const one of before) await ask(emulator, folders, one);
  const start = emulator.requests.length;
  await ask(emulator, folders, request);
  return emulator.requests.slice(start).map(({ method, path }, at) => ({
    name: `${method} ${path.replace(/[0-9a-f]{8}-?[0-9a-f-]{24,}/, "…")}`,
    nth: at + 1,
  }));
}

/** Runs up to its nth request, and dies of SIGKILL there. */
async function killAt(emulator: Emulator, folders: Folders, request: Asked, nth: number, acted: boolean) {
  const start = emulator.requests.length;
  emulator.fault({ nth, effect: { kind: "hang", acted } });
  await using killed = startProvisioner(emulator.url, folders, asking(request));
  await until(killed, `request ${nth}`, () => emulator.requests.length >= start + nth);
  killed.kill("SIGKILL");
  expect((await killed.ended).signal).toBe("SIGKILL");
  emulator.clearFaults();
}

const BEGIN: Asked = { verb: "begin", apps: ["api"] };
const begin = await requestsOf(BEGIN);
const abort = await requestsOf({ verb: "abort" }, BEGIN);
const finish = await requestsOf({ verb: "finish" }, BEGIN);
const MOMENTS = [
  { moment: "before GlitchTip acted", acted: false },
  { moment: "after GlitchTip acted", acted: true },
] as const;

describe.each(MOMENTS)("a rotation that SIGKILL ends $moment", ({ acted }) => {
  // A read leaves the same behind, answered or not.
  const worthIt = (requests: typeof begin) => requests.filter(({ name }) => acted || !name.startsWith("GET"));

  it.each(worthIt(begin))(
    "at its begin, on request $nth, $name, goes on with one new key and no third",
    async ({ nth }) => {
      await using world = await provisioned();
      const { emulator, folders } = world;
      const old = keyOf(folders, "api");
      await killAt(emulator, folders, BEGIN, nth, acted);
      // Somebody starts the stack in between.
      expect(await runProvisioner(emulator.url, folders, { declaration })).toMatchObject({ code: 0 });
      const { answer } = await ask(emulator, folders, BEGIN);
      expect(answer).toMatchObject({ projects: [{ step: "published", retiringKey: old }] });
      expect(keysOf(emulator, "shop")).toEqual([old, keyOf(folders, "api")].sort());
      await ask(emulator, folders, { verb: "finish" });
      expect(keysOf(emulator, "shop")).toEqual([keyOf(folders, "api")]);
      expect(keyOf(folders, "api")).not.toBe(old);
    },
  );

  it.each(worthIt(begin))(
    "at its begin, on request $nth, $name, can go back and leaves the old key only",
    async ({ nth }) => {
      await using world = await provisioned();
      const { emulator, folders } = world;
      const old = keyOf(folders, "api");
      await killAt(emulator, folders, BEGIN, nth, acted);
      expect(await ask(emulator, folders, { verb: "abort" })).toMatchObject({ code: 0 });
      expect(keyOf(folders, "api")).toBe(old);
      await ask(emulator, folders, { verb: "finish" });
      expect(keysOf(emulator, "shop")).toEqual([old]);
      expect(rotationsIn(folders)).toEqual([]);
    },
  );

  it.each(worthIt(abort))("on its way back, on request $nth, $name, gets there", async ({ nth }) => {
    await using world = await provisioned();
    const { emulator, folders } = world;
    const old = keyOf(folders, "api");
    await ask(emulator, folders, BEGIN);
    await killAt(emulator, folders, { verb: "abort" }, nth, acted);
    await ask(emulator, folders, { verb: "abort" });
    expect(keyOf(folders, "api")).toBe(old);
    await ask(emulator, folders, { verb: "finish" });
    expect(keysOf(emulator, "shop")).toEqual([old]);
  });

  it.each(worthIt(finish))("at its end, on request $nth, $name, is ended by the next", async ({ nth }) => {
    await using world = await provisioned();
    const { emulator, folders } = world;
    await ask(emulator, folders, BEGIN);
    const fresh = keyOf(folders, "api");
    await killAt(emulator, folders, { verb: "finish" }, nth, acted);
    expect(await ask(emulator, folders, BEGIN)).toMatchObject({ answer: { projects: [{ step: "published" }] } });
    expect(await ask(emulator, folders, { verb: "finish" })).toMatchObject({ code: 0 });
    expect(keysOf(emulator, "shop")).toEqual([fresh]);
    expect(rotationsIn(folders)).toEqual([]);
  });
});
