import { afterAll, beforeAll, expect, it } from "vitest";
import { backupsOf, type Data, expectSameContent, stackWithData } from "./support/backup.ts";
import { describeOnEngine } from "./support/engine.ts";

describeOnEngine("an upgrade from 5.1 to 6", () => {
  let data: Data;
  beforeAll(async () => {
    data = await stackWithData("--image", "glitchtip/glitchtip:v5.1.1");
  });
  afterAll(() => data?.stack[Symbol.asyncDispose]());

  it("shows what changes and what it will do, and changes nothing", async () => {
    const { project } = data.stack;
    const before = project.read("glitchtip.yaml");
    const shown = await project.cli(["upgrade", "--to", "6", "--dry-run"]);
    expect(shown).toMatchObject({ code: 3 });
    expect(shown.stdout).toContain("glitchtip/glitchtip:v5.1.1 (5.1.1) → glitchtip/glitchtip:6 (6.2.6)");
    expect(shown.stdout).toContain("Valkey is no longer needed");
    expect(shown.stdout).toContain("import_legacy_events");
    expect(project.read("glitchtip.yaml")).toBe(before);
    const checked = await project.cli(["upgrade", "--check", "--json"]);
    expect(checked).toMatchObject({ code: 3 });
    expect(JSON.parse(checked.stdout).newer).toContain("glitchtip/glitchtip:6");
  });

  it("keeps data and DSN, with the declaration's comments, and can be taken back by hand", async () => {
    const { stack } = data;
    stack.edit("glitchtip.yaml", "server:", "# Ours since spring.\nserver:");
    const done = await stack.project.cli(["upgrade", "--to", "6", "--yes"]);
    expect(done.stderr).not.toContain("error");
    expect(done.code).toBe(0);
    expect(stack.read("glitchtip.yaml")).toContain("# Ours since spring.\nserver:");
    expect(stack.read("glitchtip.yaml")).toContain("image: glitchtip/glitchtip:6");
    await expectSameContent(stack, data);
    expect([...(await stack.containers()).keys()].sort()).toEqual([
      "app",
      "glitchtip",
      "glitchtip-db",
      "glitchtip-init",
      "glitchtip-provision",
      "glitchtip-setup",
    ]);
    expect((await stack.project.cli(["upgrade", "--no-pull", "--yes"])).stdout).toContain("nothing to do");

    expect((await stack.project.cli(["upgrade", "--to", "v5.1.1", "--yes"])).stderr).toContain("GC1808");
    // By hand it would be refused as well.
    const env = { ...process.env, GLITCHTIP_IMAGE: "glitchtip/glitchtip:v5.1.1" };
    const older = await stack.compose(["run", "--rm", "--no-deps", "-T", "glitchtip-init"], { env });
    expect(older).toMatchObject({ code: 1, stdout: expect.stringContaining("already migrated by 6.2.6") });

    expect((await stack.project.cli(["rollback"])).stderr).toContain(`--confirm ${stack.name}`);
    const back = await stack.project.cli(["rollback", "--confirm", stack.name]);
    expect(back).toMatchObject({ code: 0 });
    expect(stack.read("glitchtip.yaml")).toContain("image: glitchtip/glitchtip:v5.1.1");
    expect(stack.read("glitchtip.yaml")).toContain("# Ours since spring.");
    await expectSameContent(stack, data);
    expect([...(await stack.containers()).keys()]).toContain("glitchtip-worker");
    expect(backupsOf(stack)).toHaveLength(2);
  });
});
