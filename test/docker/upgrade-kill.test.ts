import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Data, databases, expectSameContent, stackWithData } from "./support/backup.ts";
import { describeOnEngine } from "./support/engine.ts";

/** What it says at the moment of the kill, in the order of an upgrade. */
const FORWARD = [
  "letting the worker finish",
  "backing up the current data",
  "declaring glitchtip/glitchtip:6",
  "migrating the database",
  "starting the new GlitchTip",
  "checking that the server has the old DSNs",
  "starting the rest",
];

const BACK = [
  "going back to",
  "backing up the current data",
  "loading the database beside",
  "putting it in place of the old one",
  "starting the server",
];

describeOnEngine("an upgrade that is killed by SIGKILL", () => {
  let data: Data;
  beforeAll(async () => {
    data = await stackWithData("--image", "glitchtip/glitchtip:v5.1.1");
  });
  afterAll(() => data?.stack[Symbol.asyncDispose]());

  async function killedAt(line: string, args: readonly string[]): Promise<void> {
    const kill = new AbortController();
    const onStderrLine = (said: string) => said.includes(line) && kill.abort(new Error(line));
    const run = data.stack.project.cli(args, { signal: kill.signal, graceMs: 0, onStderrLine });
    await expect(run, line).rejects.toThrow(line);
  }
  const stateFile = () => existsSync(join(data.stack.project.dir, ".glitchtip/state/upgrade.json"));

  it("at each step goes on by the same command, to the end", async () => {
    const { stack } = data;
    const upgrade = ["upgrade", "--to", "6", "--no-pull", "--yes"];
    for (const line of FORWARD) await killedAt(line, upgrade);
    const other = await stack.project.cli(["upgrade", "--to", "5.2.1", "--yes"]);
    expect(other.stderr).toContain("GC1809");
    expect(await stack.project.cli(upgrade)).toMatchObject({ code: 0 });
    await expectSameContent(stack, data);
    expect(await databases(stack)).toEqual(["glitchtip"]);
  });

  it("while it is taken back: rollback goes on, and only that", async () => {
    const { stack } = data;
    const back = ["rollback", "--confirm", stack.name];
    for (const line of BACK) await killedAt(line, back);
    expect((await stack.project.cli(["upgrade", "--to", "6", "--yes"])).stderr).toContain("GC1809");
    expect(await stack.project.cli(back)).toMatchObject({ code: 0 });
    await expectSameContent(stack, data);
    expect(await databases(stack)).toEqual(["glitchtip"]);
    expect(stateFile()).toBe(false);
  });

  it("after the migration can be taken back instead", async () => {
    const { stack } = data;
    await killedAt("starting the new GlitchTip", ["upgrade", "--to", "6", "--no-pull", "--yes"]);
    expect(await stack.project.cli(["rollback"])).toMatchObject({ code: 0 });
    await expectSameContent(stack, data);
    expect(stack.read("glitchtip.yaml")).toContain("v5.1.1");
    expect(stateFile()).toBe(false);
  });
});
