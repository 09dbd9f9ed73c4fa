import { describe, expect, it } from "vitest";
import { GENERATIONS } from "../../../src/glitchtip/versions.ts";
import { asAdmin } from "../../support/admin-calls.ts";
import { startServerProject } from "../../support/server-project.ts";

const PAGES = "statusPages: [{name: Shop, isPublic: true}, {name: Inner}]\n";

describe.each(GENERATIONS)("status pages of GlitchTip %s", (generation) => {
  it("are pulled where the account is in one organization; then plan and a second pull change nothing", async () => {
    await using project = await startServerProject({ generation });
    project.declare(`organization: Acme\n${PAGES}`);
    expect(await project.run("apply", "--yes")).toMatchObject({ code: 0 });
    project.declare("organization: Acme\nstatusPages: [{name: Shop}, {name: Gone}]\n");
    const { code, stdout, stderr } = await project.run("pull");
    expect([code, stdout.split("\n").sort()]).toEqual([
      0,
      [
        "",
        'added prod/Acme: status page "Inner"',
        "changed glitchtip.yaml",
        'changed prod/Acme: status page "Shop"',
        'removed prod/Acme: status page "Gone"',
      ],
    ]);
    expect(stderr).not.toContain("left out");
    expect(project.read()).toMatch(/statusPages:\s*\[\s*\{ ?name: Shop, isPublic: true ?\}, \{ ?name: Inner ?\}\s*\]/);
    const plan = await project.run("plan");
    expect(plan).toMatchObject({
      code: 0,
      stdout: "nothing to change\n",
      stderr: expect.not.stringContaining("public"),
    });
    const compared = "(compared: projects, statusPages, as declared; other kinds: --kind KIND or --all)";
    expect(await project.run("pull")).toMatchObject({
      stdout: `glitchtip.yaml already contains all of it ${compared}\n`,
    });
  }, 60_000);

  it("are told as left out, once, where the account is in several and nothing says whose they are", async () => {
    await using project = await startServerProject({ generation });
    project.declare(`organization: Acme\norganizations: {Labs: {}}\n${PAGES}`);
    expect(await project.run("apply", "--yes")).toMatchObject({ code: 0 });
    const told =
      /left out: prod: status page "(Inner|Shop)", status page "(Inner|Shop)": GlitchTip does not say to which of the account's 2 organizations/g;
    project.declare("organization: Acme\n");
    const { code, stderr } = await project.run("pull", "--all");
    expect([code, stderr.match(told)?.length]).toEqual([0, 1]);
    expect(project.read()).not.toContain("statusPages");
    project.declare(`organization: Acme\n${PAGES}`);
    expect((await project.run("pull", "--all")).stderr).not.toContain("left out");
    project.declare("organization: Acme\nteams: []\n");
    expect((await project.run("pull")).stderr).not.toContain("left out");
  }, 60_000);

  it("are not spoken of where there are none", async () => {
    await using project = await startServerProject({ generation });
    for (const name of ["Acme", "Labs"]) await asAdmin(project.emulator, "POST", "organizations/", { name });
    project.declare("organization: Acme\n");
    expect((await project.run("pull", "--all")).stderr).not.toContain("status page");
  }, 60_000);
});
