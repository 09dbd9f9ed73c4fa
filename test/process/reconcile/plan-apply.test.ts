import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GENERATIONS } from "../../../src/glitchtip/versions.ts";
import { asAdmin } from "../../support/admin-calls.ts";
import { standing } from "../../support/reconciling.ts";
import { SHOP, serverLines, startServerProject } from "../../support/server-project.ts";

const writes = ({ requests }: { readonly requests: readonly { readonly method: string }[] }) =>
  requests.filter(({ method }) => method !== "GET").length;

describe.each(GENERATIONS)("on GlitchTip %s", (generation) => {
  it("plan shows what would change and changes nothing, apply does it, and a second apply changes nothing", async () => {
    await using project = await startServerProject({ generation });
    project.declare(SHOP);
    const planned = await project.run("plan");
    expect(planned.code).toBe(3);
    expect(planned.stdout).toContain("prod\n  Acme\n");
    expect(planned.stdout).toContain('      + alert "errors"\n          timespanMinutes: 1\n          quantity: 1\n');
    expect(writes(project.emulator)).toBe(0);
    expect(readdirSync(project.folders.project).sort()).toEqual(["glitchtip.yaml", "token"]);

    const applied = await project.run("apply", "--yes");
    expect(applied.stdout.startsWith(planned.stdout.replace(/^8 to create.*\n/m, ""))).toBe(true);
    expect([applied.code, applied.stdout.trimEnd().split("\n").at(-1)]).toEqual([0, "applied 8 of 8 changes"]);

    const before = writes(project.emulator);
    expect(await project.run("apply", "--yes")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
    expect(await project.run("plan")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
    expect(writes(project.emulator)).toBe(before);
  }, 60_000);

  it("--json has the document's names, and each field old and new", async () => {
    await using project = await startServerProject({ generation });
    project.declare(SHOP);
    await project.run("apply", "--yes");
    project.declare(SHOP.replace("quantity: 10", "quantity: 20"));
    const planned = await project.run("plan", "--json");
    expect([planned.code, JSON.parse(planned.stdout)]).toMatchObject([
      3,
      {
        changes: true,
        status: "success",
        actions: [
          {
            action_type: "update",
            instance: "prod",
            organization: "Acme",
            project: "shop-api",
            alert_name: "errors",
            changes: [{ field: "quantity", from: 10, to: 20 }],
          },
        ],
        applied_actions: [],
        applied_count: 0,
        errors: [],
      },
    ]);
    const applied = JSON.parse((await project.run("apply", "--yes", "--json")).stdout);
    const { actions } = JSON.parse(planned.stdout);
    expect(applied).toMatchObject({
      status: "success",
      actions,
      applied_actions: actions,
      applied_count: 1,
      errors: [],
    });
  }, 60_000);
});

describe("apply", () => {
  it("changes nothing where nobody says yes, and says what to type", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    const { code, stdout, stderr } = await project.run("apply");
    expect([code, writes(project.emulator)]).toEqual([2, 0]);
    expect(stdout).toContain('+ project "shop-api"');
    expect(stderr).toContain("error GC1002");
    expect(stderr).toContain("→ To say yes: --yes");
  });

  it("goes on with the other projects where one fails, tells it at the end, and the next one mends it", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    const effect = { kind: "answer", status: 400, body: { detail: "no" } } as const;
    project.emulator.fault({ method: "POST", path: /shop-api\/alerts/, effect, times: Number.POSITIVE_INFINITY });
    const { code, stdout } = await project.run("apply", "--yes", "--json");
    const report = JSON.parse(stdout);
    expect([code, report.status, report.applied_count, report.actions.length]).toEqual([1, "failed", 6, 8]);
    expect(report.errors).toHaveLength(2);
    expect(report.errors[0]).toMatch(/^prod\/Acme\/shop-api: create alert "down": /);
    expect(report.problems[0]).toMatchObject({ code: "GC1206", instance: "prod", project: "shop-api" });
    project.emulator.clearFaults();
    expect(JSON.parse((await project.run("apply", "--yes", "--json")).stdout)).toMatchObject({ applied_count: 2 });
  }, 60_000);

  it("deletes a project only with its name, also with --yes", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    await project.run("apply", "--yes");
    project.declare(`prune: true\n${SHOP.replace(/^ {2}jobs:.*\n/m, "")}`);
    const refused = await project.run("apply", "--yes");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/what would be deleted for good must be confirmed by name\n {2}--confirm jobs\n/);
    expect(standing(project).projects).toHaveLength(2);
    expect(await project.run("apply", "--yes", "--confirm", "jobs")).toMatchObject({ code: 0 });
    expect(standing(project).projects).toEqual(["shop-api: backend"]);
  }, 60_000);

  it("leaves what is not declared, and tells it", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    await project.run("apply", "--yes");
    await asAdmin(project.emulator, "POST", "projects/acme/shop-api/alerts/", {
      name: "mine\u001b[31m",
      alertRecipients: [],
    });
    const { code, stdout } = await project.run("plan");
    expect(code).toBe(0);
    expect(stdout).toMatch(/alert "mine\?\[31m" \(\d+\) is not declared, and stays/);
  }, 60_000);

  it("stopped in the middle says what was done, and the same command goes on", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    project.emulator.fault({ method: "POST", path: /\/alerts\//, nth: 2, effect: { kind: "hang" } });
    await using run = project.start("apply", "--yes");
    await run.says(/created prod\/Acme\/[\w-]+: alert/);
    run.kill("SIGINT");
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stdout).toMatch(/applied [4-7] of 8 changes\n$/);
    expect(stderr).toMatch(/not tried: interrupted; the same command continues from here/);
    expect(stderr).toMatch(/^stopped by SIGINT$/m);
    expect(await project.run("apply", "--yes")).toMatchObject({ code: 0 });
    expect(project.emulator.snapshot().alerts).toHaveLength(3);
    expect(await project.run("plan")).toMatchObject({ code: 0 });
  }, 60_000);
});

describe("a token with too small a scope", () => {
  it("is what an organization is refused for, where it is not the server's setting", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    project.write("token", project.emulator.mintToken(["org:read", "team:read", "project:read", "member:read"]));
    const { code, stderr } = await project.run("apply", "--yes");
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/error GC1305: .*Permission denied\n {2}→ A token needs/),
    ]);
  }, 60_000);
});

describe("many changes that were not tried", () => {
  it("are one line for each reason on the screen, and all of them in --json", async () => {
    await using project = await startServerProject();
    const alerts = Array.from(
      { length: 20 },
      (_, at) => `{name: "${at}", quantity: 1, timespanMinutes: 1, recipients: [{type: email}]}`,
    );
    project.declare(`organization: Acme\nprojects: {shop-api: {alerts: [${alerts.join(", ")}]}}\n`);
    project.emulator.fault({ method: "POST", path: /\/projects\/$/, effect: { kind: "answer", status: 403 } });
    const { code, stderr } = await project.run("apply", "--yes");
    expect([code, stderr.match(/not tried/g)?.length]).toEqual([1, 1]);
    expect(stderr).toContain('error: 20 changes not tried: project "shop-api" could not be created\n');
    project.emulator.fault({ method: "POST", path: /\/projects\/$/, effect: { kind: "answer", status: 403 } });
    const { errors } = JSON.parse((await project.run("apply", "--yes", "--json")).stdout);
    expect(errors).toHaveLength(21);
  }, 60_000);
});

describe("two applies of one folder at once", () => {
  it("take turns, and nothing is made twice", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    const ended = await Promise.all([project.run("apply", "--yes"), project.run("apply", "--yes")]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(ended.map(({ stdout }) => stdout.split("\n").at(-2)).sort()).toEqual([
      "applied 8 of 8 changes",
      "nothing to change",
    ]);
    expect(standing(project)).toMatchObject({
      projects: ["jobs: backend", "shop-api: backend"],
      alerts: ["down: 1", "errors: 1", "errors: 2"],
    });
  }, 60_000);
});

describe("several servers", () => {
  const declaration = (urls: readonly string[]) =>
    `version: 1\nservers:\n${urls
      .map(
        (url, i) =>
          `  ${["east", "west"][i]}: {url: "${url}", token: "file:token-${i}", retries: 0, timeoutMs: 500, ${INSIDE}}\n`,
      )
      .join("")}`;
  const INSIDE = "organization: Acme, projects: {shop: {}}";

  it("are planned and applied side by side; one that is down stops no other, and is told", async () => {
    await using east = await startServerProject();
    east.write("token-0", east.read("token"));
    east.write("token-1", "0".repeat(64));
    east.write("glitchtip.yaml", declaration([east.emulator.url, "http://127.0.0.1:1"]));
    const { code, stdout } = await east.run("apply", "--yes", "--json");
    const report = JSON.parse(stdout);
    expect([code, report.status, report.applied_count]).toEqual([1, "failed", 3]);
    expect(report.problems).toMatchObject([{ instance: "west", code: "GC1201", remedy: expect.any(String) }]);
    expect(east.emulator.snapshot().projects).toMatchObject([{ slug: "shop" }]);
    expect(await east.run("plan", "--instance", "east")).toMatchObject({ code: 0 });
  }, 60_000);

  it("are chosen by name; one that nobody declared is an error that says which may be meant", async () => {
    await using project = await startServerProject();
    project.write("glitchtip.yaml", declaration([project.emulator.url, project.emulator.url]));
    const { code, stderr } = await project.run("plan", "--instance", "eats");
    expect(code).toBe(2);
    expect(stderr).toContain('no instance is called eats; did you mean "east"?\n  → There are: east, west');
    expect(project.emulator.requests).toEqual([]);
  });

  it("stand in a folder of declarations as well, named by their files", async () => {
    await using project = await startServerProject();
    mkdirSync(join(project.folders.project, "servers"));
    const inside = serverLines(project.emulator).replace("name: prod\n", "").replace("file:token", "file:../token");
    project.write("servers/east.yaml", `${inside}organization: East\nprojects: {shop: }\n`);
    project.write("servers/west.yaml", `${inside}organization: West\nprojects: {shop: }\n`);
    const planned = await project.run("plan", "--file", "servers");
    expect(planned.code).toBe(3);
    expect(planned.stdout).toMatch(/^east\n {2}East\n[\s\S]*^west\n {2}West\n/m);
    expect(await project.run("apply", "--yes", "--file", "servers", "--instance", "west")).toMatchObject({ code: 0 });
    expect(project.emulator.snapshot().organizations).toMatchObject([{ name: "West" }]);
    project.write("servers/north.yaml", `${inside}name: west\norganization: North\n`);
    const twice = await project.run("plan", "--file", "servers");
    expect([twice.code, twice.stderr]).toEqual([
      2,
      expect.stringContaining('instance "west" is in servers/north.yaml and servers/west.yaml'),
    ]);
  }, 60_000);

  it("a project that may not be made is skipped with a warning, and an error with --strict", async () => {
    await using project = await startServerProject();
    project.declare(`manage: alerts\n${SHOP}`);
    await asAdmin(project.emulator, "POST", "organizations/", { name: "Acme" });
    const loose = await project.run("plan");
    expect([loose.code, loose.stdout]).toEqual([0, "nothing to change\n"]);
    expect(loose.stderr).toContain("warning: prod/Acme/shop-api: Project 'shop-api' not found in org 'Acme', skipping");
    const strict = await project.run("plan", "--strict");
    expect([strict.code, strict.stdout, strict.stderr]).toEqual([
      1,
      "",
      expect.stringContaining("error GC1410: prod/Acme/shop-api: Project"),
    ]);
  }, 60_000);
});
