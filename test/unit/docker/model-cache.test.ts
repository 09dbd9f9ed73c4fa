import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cachedModel } from "../../../src/docker/model-cache.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

describe("the model of docker compose config", () => {
  let folder: TemporaryFolder;
  let asked: number;
  let nowMs: number;
  let model: () => Promise<number>;
  beforeEach(() => {
    folder = new TemporaryFolder();
    folder.write("compose.yaml", "services: {}\n");
    asked = 0;
    nowMs = 0;
    model = cachedModel(
      folder.path,
      async () => ++asked,
      () => nowMs,
    );
  });
  afterEach(() => folder[Symbol.dispose]());

  it("is asked for once, also by callers at the same time", async () => {
    expect(await Promise.all([model(), model()])).toEqual([1, 1]);
    folder.write("README.md", "no file of Compose's\n");
    expect(await model()).toBe(1);
  });

  it.each([
    { what: "a Compose file is written", change: () => folder.write("compose.yaml", "services: {a: {}}\n") },
    { what: "a Compose file is added", change: () => folder.write("compose.override.yml", "services: {}\n") },
    { what: "a Compose file is removed", change: () => rmSync(join(folder.path, "compose.yaml")) },
    { what: ".env is written", change: () => folder.write(".env", "A=1\n") },
    { what: "the env file of an app is written", change: () => folder.write(".glitchtip/env/api.env", "A=1\n") },
    { what: "ten seconds have passed", change: () => (nowMs = 10_000) },
  ])("is asked for again after $what", async ({ change }) => {
    await model();
    change();
    expect(await model()).toBe(2);
  });

  it("is asked for again after a failure", async () => {
    const failing = cachedModel(folder.path, async () => {
      asked++;
      throw new Error("no");
    });
    for (const _ of [1, 2]) await expect(failing()).rejects.toThrow("no");
    expect(asked).toBe(2);
  });
});
