import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Data, databases, expectSameContent, stackWithData } from "./support/backup.ts";
import { describeOnEngine } from "./support/engine.ts";
import { readEvent } from "./support/server.ts";
import type { Stack } from "./support/stack.ts";

describeOnEngine("a restore that is killed by SIGKILL", () => {
  let data: Data;
  let stack: Stack;
  let path: string;
  beforeAll(async () => {
    data = await stackWithData();
    ({ stack } = data);
    ({ path } = JSON.parse((await stack.project.cli(["backup", "create", "--json"])).stdout));
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  const restore = (abort?: AbortSignal, onStderrLine?: (line: string) => void) =>
    stack.project.cli(["restore", path, "--confirm", stack.name], {
      graceMs: 0,
      ...(abort && { signal: abort }),
      ...(onStderrLine && { onStderrLine }),
    });

  async function killedAfter(line: string): Promise<void> {
    const kill = new AbortController();
    await expect(restore(kill.signal, (said) => said.includes(line) && kill.abort(new Error(line)))).rejects.toThrow(
      line,
    );
  }

  describe.each([
    "backing up the current data",
    "loading the database beside",
    "putting it in place of the old one",
    "restoring the uploads",
    "checking that the server has the old DSNs",
  ])("at “%s”", (line) => {
    it("goes on by the same command, to equal content", async () => {
      await killedAfter(line);
      expect((await restore()).code).toBe(0);
      await expectSameContent(stack, data);
      expect(await databases(stack)).toEqual(["glitchtip"]);
      expect(existsSync(join(stack.project.dir, ".glitchtip/state/restore.json"))).toBe(false);
    });
  });

  it("is taken back by --abort, with all that came after the backup", async () => {
    const { eventId = "" } = (await stack.app<{ eventId: string }>("/error")) ?? {};
    await readEvent(stack, "app", eventId);
    await killedAfter("restoring the provisioner's state");
    expect((await stack.project.cli(["restore", "--abort"])).code).toBe(0);
    await readEvent(stack, "app", eventId);
    await expectSameContent(stack, data);
    expect(await databases(stack)).toEqual(["glitchtip"]);
  });
});
