import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Data, databases, expectSameContent, stackWithData } from "./support/backup.ts";
import { type Breakage, brokenImage } from "./support/broken-image.ts";
import { describeOnEngine } from "./support/engine.ts";

const CHANGED = "CREATE TABLE of_the_new_one (id int)";

const BROKEN: readonly (Breakage & { readonly what: string; readonly says: string })[] = [
  {
    what: "whose migrations fail half way",
    migration: "DROP TABLE stand_in_state",
    lastLine: "exit 7",
    says: "the migrations ended with exit code 1",
  },
  {
    what: "whose web process never becomes healthy",
    migration: CHANGED,
    // `exec sleep` would ignore the signal that stops the container, for half a minute each time.
    start: "trap 'exit 0' TERM; sleep 600 & wait",
    says: "GC1604",
  },
  {
    what: "whose worker stores no event",
    migration: CHANGED,
    start: "exec node /code/stand-in.mjs web",
    says: "GC1405",
  },
];

/** Otherwise a process that never is healthy is waited for some minutes. */
const IMPATIENT = `services:
  glitchtip:
    healthcheck: { interval: 2s, timeout: 2s, retries: 3, start_period: 15s, start_interval: 1s }
`;

describeOnEngine("an upgrade to an image", () => {
  let data: Data;
  beforeAll(async () => {
    data = await stackWithData("--image", "glitchtip/glitchtip:v5.1.1");
    data.stack.override(IMPATIENT);
    await data.stack.up();
  });
  afterAll(() => data?.stack[Symbol.asyncDispose]());

  it.each(BROKEN)("$what is taken back by itself, content equal", async ({ says, ...breakage }) => {
    const { stack } = data;
    const files = () => [".env", "glitchtip.yaml", "compose.override.yaml"].map((name) => stack.read(name));
    const before = files();
    await using broken = await brokenImage(breakage);
    const ended = await stack.project.cli(["upgrade", "--to", broken.image, "--no-pull", "--yes"]);
    expect(ended.stderr).toContain("GC1810");
    expect(ended.stderr).toContain(says);
    expect(ended.stderr).toContain("glitchtip/glitchtip:v5.1.1 runs again");
    expect(ended.code).toBe(1);
    expect(files()).toEqual(before);
    await expectSameContent(stack, data);
    expect(await databases(stack)).toEqual(["glitchtip"]);
    const tables = await stack.exec(
      "glitchtip-db",
      "psql",
      "-U",
      "glitchtip",
      "-Atc",
      "SELECT to_regclass('of_the_new_one')",
    );
    expect(tables.stdout.trim()).toBe("");
    expect(existsSync(join(stack.project.dir, ".glitchtip/state/upgrade.json"))).toBe(false);
    expect((await stack.project.cli(["status"])).code).toBe(0);
  });

  it("that is nowhere is refused before anything is touched", async () => {
    const { stack } = data;
    const startedAt = (await stack.container("glitchtip")).State.StartedAt;
    const ended = await stack.project.cli(["upgrade", "--to", "127.0.0.1:1/glitchtip:6", "--yes"]);
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain("GC1808");
    expect((await stack.container("glitchtip")).State.StartedAt).toBe(startedAt);
  });
});
