import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GENERATIONS } from "../../../src/glitchtip/versions.ts";
import { asAdmin } from "../../support/admin-calls.ts";
import { keptOf, keptReference } from "../../support/cli-process.ts";
import { type ServerProject, SHOP, startServerProject } from "../../support/server-project.ts";

const SLACK = "https://hooks.slack.com/services/T0000/B0000/x8sJd7sk2Hs8";
const COMPARED = "(compared: projects, alerts, as declared; other kinds: --kind KIND or --all)";
const WEBHOOK = "prod-shop-api-errors-webhook";
const BRIDGE =
  "https://bridge.example.com/api/v1/alert/SHOP?labels=glitchtip&components=api&token=bridge-secret-7&issue_type=Task";

const post = (project: ServerProject, path: string, body: unknown) =>
  asAdmin<{ id: number }>(project.emulator, "POST", path, body);

/** What people click together: beside what was declared, and what was declared in another way. */
async function changedByHand(project: ServerProject): Promise<void> {
  const alerts = "projects/acme/shop-api/alerts/";
  const found = await asAdmin<{ id: number; name: string }[]>(project.emulator, "GET", alerts);
  const errors = found.find(({ name }) => name === "errors");
  const webhook = { recipientType: "webhook", url: "https://hooks.example.com/a" };
  await asAdmin(project.emulator, "PUT", `${alerts}${errors?.id}/`, {
    name: "errors",
    quantity: 30,
    timespanMinutes: 5,
    alertRecipients: [webhook, { recipientType: "webhook", url: SLACK }],
  });
  await asAdmin(project.emulator, "DELETE", `${alerts}${found.find(({ name }) => name === "down")?.id}/`);
  await post(project, alerts, {
    name: "new",
    quantity: 1,
    timespanMinutes: 2,
    alertRecipients: [{ recipientType: "email" }],
  });
  await post(project, "teams/acme/backend/projects/", { name: "Web Shop", platform: "javascript" });
}

const COMMENTED = `# Ours.
version: 1
name: prod
server: {url: URL, token: "file:token"} # the one server
organization: Acme
projects:
  # Sells things.
  shop-api:
    team: backend # of the old days
    alerts:
      # Wakes people up.
      - name: errors
        description: for the night shift
        quantity: 10 # enough
        timespanMinutes: 5
        recipients:
          - {type: email}
          - {type: webhook, url: "https://hooks.example.com/a"} # the pager
      - {name: down, uptime: true, recipients: [{type: email}]}
# The end.
`;

describe.each(GENERATIONS)("pull from GlitchTip %s", (generation) => {
  it("brings what others have changed, keeps comments and order; then plan and a second pull change nothing", async () => {
    await using project = await startServerProject({ generation });
    project.write("glitchtip.yaml", COMMENTED.replace("URL", project.emulator.url));
    await project.run("apply", "--yes");
    expect(await project.run("pull")).toMatchObject({
      code: 0,
      stdout: `glitchtip.yaml already contains all of it ${COMPARED}\n`,
    });
    await changedByHand(project);
    expect(await project.run("plan")).toMatchObject({ code: 3 });

    const { code, stdout, stderr } = await project.run("pull");
    expect([code, stdout.trimEnd().split("\n").sort()]).toEqual([
      0,
      [
        'added prod/Acme/shop-api: alert "new"',
        'added prod/Acme/web-shop: project "Web Shop"',
        "changed glitchtip.yaml",
        'changed prod/Acme/shop-api: alert "errors"',
        'removed prod/Acme/shop-api: alert "down"',
      ],
    ]);
    const text = project.read();
    for (const comment of COMMENTED.match(/#.*/g) ?? []) expect(text).toContain(comment);
    expect(text).toContain("quantity: 30 # enough");
    expect(text).toContain("description: for the night shift");
    expect(text).toMatch(/ {2}web-shop:\n {4}name: Web Shop\n {4}team: backend\n {4}platform: javascript\n/);
    expect(text).not.toContain("name: down");
    expect(text).not.toContain("x8sJd7sk2Hs8");
    const reference = keptReference(project.folders, WEBHOOK);
    expect(text).toContain(`url: ${reference}`);
    expect(stderr).toContain(`secret: ${reference} = shop-api errors webhook`);
    const secret = join(keptOf(project.folders, "secrets"), WEBHOOK);
    expect(readFileSync(secret, "utf8")).toBe(SLACK);
    expect((statSync(secret).mode & 0o777).toString(8)).toBe("600");

    expect(await project.run("plan")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
    expect(await project.run("pull")).toMatchObject({
      code: 0,
      stdout: `glitchtip.yaml already contains all of it ${COMPARED}\n`,
    });
    expect(project.read()).toBe(text);
  }, 60_000);

  it("--all makes a declaration of a server that was never declared", async () => {
    await using project = await startServerProject({ generation });
    project.declare(SHOP);
    await project.run("apply", "--yes");
    await changedByHand(project);
    project.declare("organization: Acme\n");
    expect(await project.run("pull", "--all")).toMatchObject({ code: 0 });
    expect(project.read()).toMatch(
      /teams:\n {2}- backend\n[\s\S]*members:\n {2}- email: admin@example\.com\n {4}role: owner/,
    );
    expect(project.read()).toMatch(
      /monitors:\n {6}- name: site\n {8}type: GET\n {8}url: https:\/\/shop\.example\.com\n/,
    );
    expect(await project.run("plan")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
    expect(await project.run("pull", "--all")).toMatchObject({ stdout: "glitchtip.yaml already contains all of it\n" });
  }, 60_000);
});

describe("pull", () => {
  const WITH_PROJECT = "organization: Acme\nprojects: {shop-api: {team: backend}}\n";

  it("touches only kinds that are declared or asked for", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    await project.run("apply", "--yes");
    project.declare(`manage: [alerts]\n${WITH_PROJECT}`);
    const { stdout } = await project.run("pull");
    expect(stdout).toMatch(/added prod\/Acme\/shop-api: alert "down"\nadded prod\/Acme\/shop-api: alert "errors"\n/);
    expect(project.read()).not.toMatch(/monitors|jobs/);
    project.declare(`${WITH_PROJECT.replace("}}", ", alerts: [], monitors: []}, jobs: {}}")}`);
    expect(await project.run("pull", "--kind", "monitors", "--kind", "aletrs")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "alerts"?'),
    });
  }, 60_000);

  it("makes Jira's alert a line of the project, and the bridge's token a reference", async () => {
    await using project = await startServerProject();
    project.declare(`${WITH_PROJECT.replace("}}", ", alerts: []}}")}`);
    await project.run("apply", "--yes");
    const alertRecipients = [{ recipientType: "webhook", url: BRIDGE }];
    await post(project, "projects/acme/shop-api/alerts/", {
      name: "Glitchtip-Jira-Bridge-Integration",
      quantity: 1,
      timespanMinutes: 1,
      alertRecipients,
    });
    const { code } = await project.run("pull");
    expect([code, project.read()]).toEqual([0, expect.not.stringContaining("bridge-secret-7")]);
    expect(project.read()).toMatch(/jiraBridge:\n {4}alertUrl: https:\/\/bridge\.example\.com\/api\/v1\/alert\n/);
    expect(project.read()).toContain("jira: {project: SHOP, labels: [glitchtip], components: [api], issueType: Task}");
    expect(await project.run("plan")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
  }, 60_000);

  it("--secrets env names a variable for each secret, and writes none", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    await project.run("apply", "--yes");
    await changedByHand(project);
    const { stderr } = await project.run("pull", "--secrets", "env");
    expect(stderr).toContain("to be set: env:GLITCHTIP_PROD_SHOP_API_ERRORS_WEBHOOK = shop-api errors webhook");
    expect(project.read()).toContain("url: env:GLITCHTIP_PROD_SHOP_API_ERRORS_WEBHOOK");
    expect(existsSync(join(keptOf(project.folders, "secrets"), WEBHOOK))).toBe(false);
  }, 60_000);

  it("tells what has no place in a declaration, and brings the rest", async () => {
    await using project = await startServerProject();
    project.declare(`${WITH_PROJECT.replace("}}", ", alerts: []}}")}`);
    await project.run("apply", "--yes");
    const webhook = { recipientType: "webhook", url: "https://hooks.example.com/a" };
    const alerts = "projects/acme/shop-api/alerts/";
    for (const name of ["a", "a", ""]) {
      await post(project, alerts, {
        name,
        quantity: 1,
        timespanMinutes: 1,
        alertRecipients: [{ recipientType: "email" }],
      });
    }
    for (const name of ["b", "c"]) {
      await post(project, alerts, { name, quantity: 1, timespanMinutes: 1, alertRecipients: [webhook] });
    }
    const { code, stderr } = await project.run("pull");
    expect(code).toBe(0);
    expect(stderr).toMatch(/left out: prod\/Acme\/shop-api: alert "" number \d+ has no name/);
    expect(stderr).toMatch(
      /left out: prod\/Acme\/shop-api: alert "a" number \d+ has the name of another one, and cannot be declared beside it/,
    );
    expect(stderr).toMatch(
      /left out: prod\/Acme\/shop-api: alert "c" cannot be declared: .*webhook URLs must be unique/,
    );
    expect(project.read()).toMatch(/\{name: a, .*\{name: b, /);
    expect(await project.run("plan")).toMatchObject({ code: 0 });
  }, 60_000);

  it("takes over the slug of a team that was renamed on the server, wherever it is named", async () => {
    await using project = await startServerProject();
    project.declare(
      "organization: Acme\nteams: [backend]\nmembers: [{email: a@example.com, teams: [backend]}]\nprojects: {shop: {team: backend}}\n",
    );
    await project.run("apply", "--yes");
    await asAdmin(project.emulator, "PUT", "teams/acme/backend/", { slug: "platform" });
    expect((await project.run("plan")).stderr).toContain('team "backend" is called "platform"');
    expect(await project.run("pull")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('team "backend" is called "platform" now'),
    });
    expect(project.read()).toMatch(/teams: \[platform\]\nmembers: .*teams: \[platform\].*\n.*team: platform/);
    expect(await project.run("plan")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
    expect((await project.run("plan")).stderr).not.toContain("backend");
  }, 60_000);

  it("changes what an alias shares only where the server differs", async () => {
    await using project = await startServerProject();
    const alert = "{name: a, quantity: 1, timespanMinutes: 1, recipients: [{type: email}]}";
    project.declare(`organization: Acme\nprojects:\n  one: {alerts: &all [${alert}]}\n  two: {alerts: *all}\n`);
    await project.run("apply", "--yes");
    const [found] = await asAdmin<{ id: number }[]>(project.emulator, "GET", "projects/acme/two/alerts/");
    const changed = { name: "a", quantity: 9, timespanMinutes: 1, alertRecipients: [{ recipientType: "email" }] };
    await asAdmin(project.emulator, "PUT", `projects/acme/two/alerts/${found?.id}/`, changed);
    await project.run("pull");
    expect(project.read()).toMatch(/one: \{\s*alerts: &all \[\s*\{\s*name: a, quantity: 1/);
    expect(project.read()).toMatch(/quantity: 9/);
    expect(await project.run("plan")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
  }, 60_000);

  it("--dry-run prints the declaration, writes nothing, and ends with 3 where it would change", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    await project.run("apply", "--yes");
    await changedByHand(project);
    const before = project.read();
    const { code, stdout } = await project.run("pull", "--dry-run");
    expect([code, stdout, project.read()]).toEqual([3, expect.stringContaining("web-shop:"), before]);
    const json = JSON.parse((await project.run("pull", "--dry-run", "--json")).stdout);
    expect(json).toMatchObject({
      status: "success",
      dryRun: true,
      files: [{ file: "glitchtip.yaml", changed: true, text: stdout }],
    });
    expect(existsSync(join(keptOf(project.folders, "secrets"), WEBHOOK))).toBe(false);
  }, 60_000);

  it("brings several servers into one file, and all organizations of each", async () => {
    await using east = await startServerProject();
    await using west = await startServerProject();
    for (const [server, name] of [
      [east, "East"],
      [west, "West"],
    ] as const) {
      server.declare(
        `organization: ${name}\norganizations: {${name} Labs: {projects: {lab: {}}}}\nprojects: {shop: {}}\n`,
      );
      expect(await server.run("apply", "--yes")).toMatchObject({ code: 0 });
    }
    east.write("west-token", west.read("token"));
    const line = (name: string, url: string, token: string) =>
      `  ${name}: {url: "${url}", token: "file:${token}", organization: ${name}}\n`;
    east.write(
      "glitchtip.yaml",
      `version: 1\nservers: # two\n${line("East", east.emulator.url, "token")}${line("West", west.emulator.url, "west-token")}`,
    );
    expect(await east.run("pull", "--all")).toMatchObject({ code: 0 });
    expect(east.read()).toContain("# two");
    for (const name of ["East", "West"]) expect(east.read()).toContain(`${name} Labs`);
    expect(await east.run("plan")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
    expect(await east.run("pull", "--all")).toMatchObject({ stdout: "glitchtip.yaml already contains all of it\n" });
  }, 60_000);

  it("of a server that is down brings the others, and ends with 1", async () => {
    await using project = await startServerProject();
    const server = (name: string, url: string) =>
      `  ${name}: {url: "${url}", token: "file:token", retries: 0, organization: Acme}\n`;
    project.declare("organization: Acme\nprojects: {shop: {}}\n");
    await project.run("apply", "--yes");
    project.write(
      "glitchtip.yaml",
      `version: 1\nservers:\n${server("up", project.emulator.url)}${server("down", "http://127.0.0.1:1")}`,
    );
    const { code, stderr } = await project.run("pull", "--all");
    expect([code, stderr, project.read()]).toEqual([
      1,
      expect.stringContaining("error GC1201: down: "),
      expect.stringContaining("shop:"),
    ]);
    project.write("glitchtip.yaml", `version: 1\nservers:\n${server("down", "http://127.0.0.1:1")}`);
    const alone = await project.run("pull");
    expect([alone.code, alone.stdout]).toEqual([1, expect.stringContaining("not everything could be read")]);
    expect(alone.stdout).not.toContain("already");
  }, 60_000);
});
