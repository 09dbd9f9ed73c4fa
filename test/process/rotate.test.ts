import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { leftoversIn, runProvisioner, startProvisioner, until } from "../support/provisioner-process.ts";
import { ADMIN, declare, dsnOf, type Folders, temporaryFolders } from "../support/provisioning.ts";

/** api and worker share a project; web has its own. */
const declaration = declare({
  projects: { shop: {}, web: {} },
  apps: { api: { project: "shop" }, worker: { project: "shop" }, web: { project: "web" } },
});

interface Asked {
  readonly verb: "show" | "begin" | "abort" | "finish";
  readonly apps?: readonly string[];
  readonly keepOld?: boolean;
}

const asking = (request: Asked) => ({ declaration, args: ["rotate"], stdin: JSON.stringify(request) });

async function ask(emulator: Emulator, folders: Folders, request: Asked) {
  const { code, stdout, stderr } = await runProvisioner(emulator.url, folders, asking(request));
  return { code, stderr, answer: JSON.parse(stdout) };
}

/** A server with a first run behind it. */
async function provisioned(generation: "5.2" | "6" = "6") {
  const folders = temporaryFolders();
  const emulator = await startEmulator({ generation, superuser: ADMIN, processingDelayMs: 0 });
  expect(await runProvisioner(emulator.url, folders, { declaration })).toMatchObject({ code: 0 });
  return {
    folders,
    emulator,
    async [Symbol.asyncDispose]() {
      folders[Symbol.dispose]();
      await emulator.close();
    },
  };
}

const keyOf = (folders: Folders, app: string): string => new URL(dsnOf(folders, app) ?? "").username;
const keysOf = (emulator: Emulator, project: string): string[] =>
  emulator
    .snapshot()
    .keys.filter((key) => key.project === project)
    .map(({ publicKey }) => publicKey.replaceAll("-", ""))
    .sort();
const stateOf = (folders: Folders) => JSON.parse(readFileSync(join(folders.state, "state.json"), "utf8"));
const rotationsIn = (folders: Folders): string[] =>
  Object.entries<{ rotation?: object }>(stateOf(folders).projects).flatMap(([name, { rotation }]) =>
    rotation === undefined ? [] : [name],
  );
const adminOf = (emulator: Emulator) => ({ authorization: `Bearer ${emulator.mintToken(undefined, "the test's")}` });

async function deleteKey(emulator: Emulator, project: string, key: string): Promise<void> {
  const uuid = key.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const url = `${emulator.url}/api/0/projects/acme/${project}/keys/${uuid}/`;
  expect((await fetch(url, { method: "DELETE", headers: adminOf(emulator) })).status).toBe(204);
}

describe.each(["5.2", "6"] as const)("the provisioner's part of a rotation on GlitchTip %s", (generation) => {
  it("makes a key beside the old one, proves and publishes it, and deletes the old one only when told", async () => {
    await using world = await provisioned(generation);
    const { emulator, folders } = world;
    const old = keyOf(folders, "api");
    const web = dsnOf(folders, "web");
    const before = Date.now();
    const { answer, code } = await ask(emulator, folders, { verb: "begin", apps: ["api"] });
    expect(code).toBe(0);
    expect(answer).toEqual({
      projects: [
        {
          project: "shop",
          apps: ["api", "worker"],
          step: "published",
          publishedAtMs: expect.any(Number),
          retiringKey: old,
        },
      ],
    });
    expect(answer.projects[0].publishedAtMs).toBeGreaterThanOrEqual(before);
    expect(keyOf(folders, "worker")).toBe(keyOf(folders, "api"));
    expect(keysOf(emulator, "shop")).toEqual([old, keyOf(folders, "api")].sort());
    expect(dsnOf(folders, "web")).toBe(web);
    expect(stateOf(folders).projects.shop.proved).toBe(true);
    expect(emulator.snapshot().issues).toEqual([]);

    expect(await ask(emulator, folders, { verb: "finish" })).toMatchObject({
      code: 0,
      answer: { projects: [{ project: "shop", retiringKey: old }] },
    });
    expect(keysOf(emulator, "shop")).toEqual([keyOf(folders, "api")]);
    expect(rotationsIn(folders)).toEqual([]);
    expect(leftoversIn(folders)).toEqual([]);
  });
});

describe("a rotation", () => {
  it("without apps is about every project that has one, else about those that are under way", async () => {
    await using world = await provisioned();
    const { emulator, folders } = world;
    const projects = async (request: Asked) =>
      (await ask(emulator, folders, request)).answer.projects.map((one: { project: string; step: string }) => [
        one.project,
        one.step,
      ]);
    const nothing = emulator.requests.length;
    expect(await projects({ verb: "show" })).toEqual([
      ["shop", "none"],
      ["web", "none"],
    ]);
    expect(emulator.requests).toHaveLength(nothing);
    await projects({ verb: "begin", apps: ["web"] });
    expect(await projects({ verb: "show" })).toEqual([["web", "published"]]);
    expect(await projects({ verb: "begin" })).toEqual([["web", "published"]]);
    expect(keysOf(emulator, "shop")).toHaveLength(1);
    expect(keysOf(emulator, "web")).toHaveLength(2);
  });

  it("is neither undone nor confused by runs of the provisioner in between", async () => {
    await using world = await provisioned();
    const { emulator, folders } = world;
    const old = keyOf(folders, "api");
    await ask(emulator, folders, { verb: "begin", apps: ["api"] });
    const fresh = keyOf(folders, "api");
    const state = stateOf(folders);
    const requests = emulator.requests.length;
    const up = await runProvisioner(emulator.url, folders, { declaration });
    expect(up).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing to change") });
    expect(emulator.requests.length - requests).toBe(4);
    expect(stateOf(folders)).toEqual(state);
    expect(keyOf(folders, "api")).toBe(fresh);
    await ask(emulator, folders, { verb: "finish" });
    expect(keysOf(emulator, "shop")).toEqual([fresh]);
    expect(fresh).not.toBe(old);
  });

  it("that keeps the old key is over, and a lost state finds the new one", async () => {
    await using world = await provisioned();
    const { emulator, folders } = world;
    await ask(emulator, folders, { verb: "begin", apps: ["api"] });
    const fresh = keyOf(folders, "api");
    await ask(emulator, folders, { verb: "finish", keepOld: true });
    expect(keysOf(emulator, "shop")).toHaveLength(2);
    expect(rotationsIn(folders)).toEqual([]);
    using lost = temporaryFolders();
    expect(await runProvisioner(emulator.url, lost, { declaration })).toMatchObject({ code: 0 });
    expect(keyOf(lost, "api")).toBe(fresh);
  });

  it("goes back: the old key is published again, and the new one is what retires", async () => {
    await using world = await provisioned();
    const { emulator, folders } = world;
    const old = keyOf(folders, "api");
    const { answer: begun } = await ask(emulator, folders, { verb: "begin", apps: ["api"] });
    const fresh = keyOf(folders, "api");
    const { answer } = await ask(emulator, folders, { verb: "abort" });
    expect(answer.projects).toEqual([
      {
        project: "shop",
        apps: ["api", "worker"],
        step: "published",
        publishedAtMs: expect.any(Number),
        retiringSinceMs: expect.any(Number),
        retiringKey: fresh,
      },
    ]);
    expect(answer.projects[0].retiringSinceMs).toBeLessThanOrEqual(begun.projects[0].publishedAtMs);
    expect(keyOf(folders, "api")).toBe(old);
    expect((await ask(emulator, folders, { verb: "abort" })).answer).toEqual(answer);
    expect((await ask(emulator, folders, { verb: "begin" })).answer).toEqual(answer);
    await ask(emulator, folders, { verb: "finish" });
    expect(keysOf(emulator, "shop")).toEqual([old]);
    expect((await ask(emulator, folders, { verb: "abort" })).answer).toEqual({ projects: [] });
  });

  it("cannot go back to a key that is deleted, and says how to end", async () => {
    await using world = await provisioned();
    const { emulator, folders } = world;
    const old = keyOf(folders, "api");
    await ask(emulator, folders, { verb: "begin", apps: ["api"] });
    await deleteKey(emulator, "shop", old);
    expect(await ask(emulator, folders, { verb: "abort" })).toMatchObject({
      code: 1,
      answer: { error: { code: "GC1408", remedy: expect.stringContaining("rotate") } },
    });
    expect(await ask(emulator, folders, { verb: "finish" })).toMatchObject({ code: 0 });
    expect(keysOf(emulator, "shop")).toEqual([keyOf(folders, "api")]);
  });

  it("never deletes the last good key: with the new one gone it goes on with another", async () => {
    await using world = await provisioned();
    const { emulator, folders } = world;
    const old = keyOf(folders, "api");
    await ask(emulator, folders, { verb: "begin", apps: ["api"] });
    await deleteKey(emulator, "shop", keyOf(folders, "api"));
    expect(await ask(emulator, folders, { verb: "finish" })).toMatchObject({
      code: 1,
      answer: { error: { code: "GC1408" } },
    });
    const { code, answer } = await ask(emulator, folders, { verb: "begin" });
    expect({ code, answer }).toMatchObject({ code: 0, answer: { projects: [{ retiringKey: old }] } });
    await ask(emulator, folders, { verb: "finish" });
    expect(keysOf(emulator, "shop")).toEqual([keyOf(folders, "api")]);
    expect(keyOf(folders, "api")).not.toBe(old);
  });

  it("begins nothing where the server is not ready, or the declaration lacks the app", async () => {
    await using world = await provisioned();
    const { emulator, folders } = world;
    expect(await ask(emulator, folders, { verb: "begin", apps: ["apo"] })).toMatchObject({
      code: 2,
      answer: { error: { code: "GC1104" } },
    });
    emulator.fault({ path: /settings/, times: Number.POSITIVE_INFINITY, effect: { kind: "answer", status: 500 } });
    const env = { GLITCHTIP_READY_WITHIN_SECONDS: "1" };
    const down = await runProvisioner(emulator.url, folders, { ...asking({ verb: "begin", apps: ["api"] }), env });
    expect(down).toMatchObject({ code: 4, stdout: expect.stringContaining('"GC1203"') });
    expect(keysOf(emulator, "shop")).toHaveLength(1);
    expect(rotationsIn(folders)).toEqual([]);
  });
});

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
