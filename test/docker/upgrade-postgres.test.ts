import { afterAll, beforeAll, expect, it } from "vitest";
import { type Data, databases, expectSameContent, withData } from "./support/backup.ts";
import { brokenImage } from "./support/broken-image.ts";
import { describeOnEngine } from "./support/engine.ts";
import { postgres15 } from "./support/postgres-15.ts";
import { Stack } from "./support/stack.ts";

const BUILDS_WITHIN_MS = 300_000;

describeOnEngine("an upgrade from Postgres 15 to 18, and from GlitchTip 5.1 to 6 with it", () => {
  let found: Awaited<ReturnType<typeof postgres15>>;
  let data: Data | undefined;

  beforeAll(async () => {
    found = await postgres15();
    if ("why" in found) return;
    const stack = await Stack.sample("--image", "glitchtip/glitchtip:v5.1.1");
    stack.edit("glitchtip.yaml", "server:", `server:\n  postgres: {image: "${found.image}"} # as old as the shop`);
    await stack.init();
    data = await withData(stack);
  }, BUILDS_WITHIN_MS);
  afterAll(async () => {
    await data?.stack[Symbol.asyncDispose]();
    if ("remove" in found) await found.remove();
  });

  const major = async (stack: Stack) =>
    (await stack.exec("glitchtip-db", "psql", "-U", "glitchtip", "-Atc", "SHOW server_version")).stdout.split(".")[0];
  const volumes = async ({ name, project }: Stack) => {
    const { stdout } = await project.docker(["volume", "ls", "-q", "--filter", `name=${name}_glitchtip-db`]);
    return stdout
      .trim()
      .split("\n")
      .map((one) => one.replace(`${name}_`, ""))
      .filter((one) => one !== "glitchtip-db-password")
      .sort();
  };

  it("keeps the data of 15 in the stack's volume, which outlives its container", async ({ skip }) => {
    if (data === undefined) return skip("why" in found ? `no Postgres 15: ${found.why.slice(-300)}` : "no data");
    const { stack } = data;
    expect(await major(stack)).toBe("15");
    await stack.compose(["down", "-t", "10"]);
    await stack.up();
    await expectSameContent(stack, data);
  });

  it("that fails runs on 15 again, with its data", async ({ skip }) => {
    if (data === undefined) return skip("no Postgres 15");
    const { stack } = data;
    const before = stack.read("glitchtip.yaml");
    await using broken = await brokenImage({ migration: "DROP TABLE stand_in_state", lastLine: "exit 7" });
    const args = ["upgrade", "--to", broken.image, "--postgres", "postgres:18", "--no-pull", "--yes"];
    const ended = await stack.project.cli(args);
    expect(ended.stderr).toContain("GC1810");
    expect(ended.stderr).toContain("runs again");
    expect(ended.code).toBe(1);
    expect(stack.read("glitchtip.yaml")).toBe(before);
    expect(await major(stack)).toBe("15");
    await expectSameContent(stack, data);
  });

  it("goes by a dump into a volume of its own, and leaves the old one until --cleanup", async ({ skip }) => {
    if (data === undefined) return skip("no Postgres 15");
    const { stack } = data;
    const done = await stack.project.cli(["upgrade", "--to", "6", "--postgres", "postgres:18", "--no-pull", "--yes"]);
    expect(done.stderr).not.toContain("error");
    expect(done.code).toBe(0);
    expect(await major(stack)).toBe("18");
    await expectSameContent(stack, data);
    expect(await databases(stack)).toEqual(["glitchtip"]);
    expect(stack.read("glitchtip.yaml")).toContain("# as old as the shop");
    expect(await volumes(stack)).toEqual(["glitchtip-db", "glitchtip-db-18", "glitchtip-db-18-2"]);

    expect((await stack.project.cli(["upgrade", "--cleanup"])).stderr).toContain(`--confirm ${stack.name}`);
    expect(await stack.project.cli(["upgrade", "--cleanup", "--confirm", stack.name])).toMatchObject({ code: 0 });
    expect(await volumes(stack)).toEqual(["glitchtip-db-18-2"]);
    await expectSameContent(stack, data);
  });
});
