import { describe, expect, it } from "vitest";
import { leftoversIn, runProvisioner } from "../../support/provisioner-process.ts";
import { dsnOf, temporaryFolders } from "../../support/provisioning.ts";

import {
  type Asked,
  ask,
  asking,
  declaration,
  deleteKey,
  keyOf,
  keysOf,
  provisioned,
  rotationsIn,
  stateOf,
} from "./rotating.ts";

describe.each(["5.2", "6"] as const)("the provisioner's part of a rotation on GlitchTip %s", (generation) => {
  it("creates a key beside the old one, proves and publishes it, and deletes the old one only on request", async () => {
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

  it("goes on after runs of the provisioner in between", async () => {
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

  it("cannot go back to a deleted key, and says how to finish", async () => {
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

  it("never deletes the last good key: when the new one is gone it uses another", async () => {
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

  it("does not begin when the server is not ready, or the declaration lacks the app", async () => {
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
