import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runProcess } from "../../src/base/process.ts";
import { GENERATIONS } from "../../src/glitchtip/versions.ts";
import { CLI } from "../support/cli-process.ts";
import { type ServerProject, startServerProject } from "../support/server-project.ts";

const SLACK = "https://hooks.slack.com/services/T0000/B0000/x8sJd7sk2Hs8";
const declaration = (url: string, inside = "") => `version: 1
name: prod
server: {url: "${url}", token: "file:token"}
${inside}`;

const INSIDE = `organizations:
  Acme:
    teams: [backend, frontend]
    members: [{email: dev@example.com, role: admin}]
    projects:
      shop-api:
        team: backend
        keys: [{label: ci}]
        alerts:
          - {name: errors, quantity: 10, timespanMinutes: 5, recipients: [{type: email}, {type: webhook, url: "${SLACK}"}]}
        monitors: [{name: site, type: GET, url: "https://shop.example.com/", intervalSeconds: 60, timeoutSeconds: 20, expectedStatus: 200}]
  Labs:
    projects: {shop-api: {team: backend}}
`;

async function twoServers(generation: (typeof GENERATIONS)[number]) {
  const old = await startServerProject({ generation, registration: "open" });
  const next = await startServerProject({ generation, registration: "open" });
  old.write("glitchtip.yaml", declaration(old.emulator.url, INSIDE));
  next.write("glitchtip.yaml", declaration(next.emulator.url, "organization: Other\n"));
  const applied = await old.run("apply", "--yes");
  expect(applied.code, applied.stdout + applied.stderr).toBe(0);
  return { old, next };
}

const fileOf = (project: ServerProject) => {
  const name = readdirSync(project.folders.project).find((one) => one.startsWith("glitchtip-configuration-")) ?? "";
  return join(project.folders.project, name);
};

const runWith = (project: ServerProject, env: Record<string, string>, ...words: string[]) =>
  runProcess(process.execPath, [CLI, ...words], {
    cwd: project.folders.project,
    env: { PATH: process.env.PATH, ...env },
  });

describe.each(GENERATIONS)("a configuration from one GlitchTip %s to another", (generation) => {
  it("is exported for its owner alone, shown by a dry run, imported once, and told as a map of DSNs", async () => {
    const { old, next } = await twoServers(generation);
    await using _old = old;
    await using _next = next;
    expect(await old.run("export", "configuration")).toMatchObject({ code: 0 });
    const file = fileOf(old);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, "utf8");
    expect(text).not.toContain(SLACK);
    const { secrets, projects } = JSON.parse(text);
    expect(secrets).toHaveLength(1);
    expect(projects.map(({ organization, slug }: Record<string, string>) => `${organization}/${slug}`).sort()).toEqual([
      "Acme/shop-api",
      "Labs/shop-api",
    ]);

    const before = JSON.stringify(next.emulator.snapshot());
    const without = await next.run("import", "configuration", file, "--dry-run");
    const name = secrets[0].reference.replace("env:", "");
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining(`the variable ${name} is not set`) });
    const env = { [name]: SLACK };
    expect(await runWith(next, env, "import", "configuration", file, "--dry-run")).toMatchObject({ code: 3 });
    expect(JSON.stringify(next.emulator.snapshot())).toBe(before);

    const imported = await runWith(next, env, "import", "configuration", file, "--yes", "--json");
    const report = JSON.parse(imported.stdout);
    expect([imported.code, report.errors]).toEqual([0, []]);
    expect(report.dsns.length).toBe(old.emulator.snapshot().keys.length);
    const there = next.emulator.snapshot();
    for (const { from, to } of report.dsns) {
      expect(new URL(from).host).toBe(new URL(old.emulator.url).host);
      const key = new URL(to).username;
      expect(there.keys.some(({ publicKey }) => publicKey.replaceAll("-", "") === key)).toBe(true);
    }
    expect(there.alerts.map((alert) => [alert.name, alert.recipients])).toEqual([["errors", 2]]);
    expect(there.monitors.map((monitor) => monitor.name)).toEqual(["site"]);

    const again = await runWith(next, env, "import", "configuration", file, "--yes", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ applied_count: 0, dsns: report.dsns });
    expect(next.emulator.snapshot().keys.length).toBe(there.keys.length);
    expect(await runWith(next, env, "import", "configuration", file, "--dry-run")).toMatchObject({
      code: 0,
      stdout: "nothing to change\n",
    });
  });
});

describe("what is no configuration", () => {
  it("is refused before anything is asked, with what to do", async () => {
    await using project = await startServerProject();
    project.write("glitchtip.yaml", declaration(project.emulator.url, "organization: Other\n"));
    project.write("other.json", "{}");
    project.write("newer.json", JSON.stringify({ product: "glitchtip-compose configuration", schema: 9 }));
    expect((await project.run("import", "configuration", "nowhere.json")).stderr).toContain("there is no");
    expect((await project.run("import", "configuration", "other.json")).stderr).toContain("no exported configuration");
    expect((await project.run("import", "configuration", "newer.json")).stderr).toContain("schema 9");
    expect(await project.run("export")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("→ npx glitchtip-compose export configuration"),
    });
    const { code, stderr } = await project.run("export", "everything");
    expect([code, stderr]).toEqual([2, expect.stringContaining("what to export cannot be everything")]);
    expect((await project.run("export", "configuration")).stderr).toContain("shows no organization");
    project.write("glitchtip.yaml", declaration(project.emulator.url, "organization: Other\nprojects: {shop: {}}\n"));
    await project.run("apply", "--yes");
    const one = await project.run("export", "configuration", "--out", "one.json");
    expect(one.code, one.stderr).toBe(0);
    expect((await project.run("export", "configuration", "--out", "one.json")).stderr).toContain("already exists");
  });
});

it("is imported beside a declaration that names a server and no organization", async () => {
  const { old, next } = await twoServers("6");
  await using _old = old;
  await using _next = next;
  next.write("glitchtip.yaml", declaration(next.emulator.url));
  await old.run("export", "configuration");
  const env = Object.fromEntries(
    [...readFileSync(fileOf(old), "utf8").matchAll(/"env:(\w+)"/g)].map(([, name = ""]) => [name, SLACK]),
  );
  expect(await runWith(next, env, "import", "configuration", fileOf(old), "--yes")).toMatchObject({ code: 0 });
  expect(next.emulator.snapshot().organizations.map(({ name }) => name)).toEqual(["Acme", "Labs"]);
}, 60_000);
