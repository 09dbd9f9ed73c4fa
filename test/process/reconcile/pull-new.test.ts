import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../src/emulator/index.ts";
import { GENERATIONS } from "../../../src/glitchtip/versions.ts";
import { asAdmin } from "../../support/admin-calls.ts";
import { keptReference } from "../../support/cli-process.ts";
import { type ServerProject, SHOP, startServerProject } from "../../support/server-project.ts";

const SLACK = "https://hooks.slack.com/services/T0000/B0000/x8sJd7sk2Hs8";
const LABS = `organizations:
  Acme Labs:
    teams: [lab]
    members: [{email: admin@example.com, role: owner}]
    projects: {lab: {team: lab, alerts: [{name: slack, uptime: true, recipients: [{type: webhook, url: "${SLACK}"}]}]}}
`;

/** A server with two organizations, and a folder without any declaration. */
async function startUndeclared(options: Parameters<typeof startServerProject>[0] = {}): Promise<ServerProject> {
  const there = await startServerProject(options);
  await using maker = await startServerProject({ generation: "6" });
  maker.write("token", there.read("token"));
  maker.write(
    "glitchtip.yaml",
    `version: 1\nname: x\nserver: {url: ${there.emulator.url}, token: "file:token"}\n${SHOP}${LABS}`,
  );
  expect(await maker.run("apply", "--yes")).toMatchObject({ code: 0 });
  return there;
}

const from = ({ url }: Emulator) => ["pull", "--url", url, "--token-file", "token"];
const filesOf = ({ folders }: ServerProject) => readdirSync(folders.project).sort();

/** What the work asks of the server that is no reading. */
async function writes({ emulator }: ServerProject, work: () => Promise<unknown>): Promise<string[]> {
  const before = emulator.requests.length;
  await work();
  return emulator.requests.slice(before).flatMap(({ method, path }) => (method === "GET" ? [] : [`${method} ${path}`]));
}

describe.each(GENERATIONS)("pull --url from GlitchTip %s", (generation) => {
  it("makes the declaration of a server that nobody has declared; plan, apply and a second pull change nothing", async () => {
    await using project = await startUndeclared({ generation });
    const { code, stdout, stderr } = await project.run(...from(project.emulator));
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^wrote glitchtip\.yaml: .*3 projects.*\nnext: npx glitchtip-compose plan\n$/),
    ]);
    const text = project.read();
    expect(text).toContain(`server:\n  url: ${project.emulator.url}\n  token: file:token\n`);
    expect(text).toMatch(/^organizations:\n {2}Acme:\n[\s\S]*^ {2}Acme Labs:\n/m);
    const reference = keptReference(project.folders, "glitchtip-lab-slack-webhook");
    expect(stderr).toContain(`secret: ${reference} = lab slack webhook`);
    for (const secret of ["x8sJd7sk2Hs8", project.read("token")]) expect(text + stdout + stderr).not.toContain(secret);

    expect(await project.run("plan")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
    const apply = async () => expect(await project.run("apply", "--yes")).toMatchObject({ code: 0 });
    expect(await writes(project, apply)).toEqual([]);
    const kinds = "organizations, teams, projects, members, alerts, monitors";
    const compared = ` (compared: ${kinds}, as declared; other kinds: --kind KIND or --all)`;
    for (const [flags, what] of [[[], compared] as const, [["--all"], ""] as const])
      expect(await project.run("pull", ...flags)).toMatchObject({
        stdout: `glitchtip.yaml already contains all of it${what}\n`,
      });
    expect(project.read()).toBe(text);
  }, 60_000);
});

describe("pull --url", () => {
  it("takes only the organizations and kinds that were asked for, and so does the next plan and pull", async () => {
    await using project = await startUndeclared();
    const only = async (file: string, ...flags: string[]) => {
      expect(await project.run(...from(project.emulator), "--file", file, ...flags)).toMatchObject({ code: 0 });
      const text = project.read(file);
      expect(await project.run("plan", "--file", file)).toMatchObject({ code: 0, stdout: "nothing to change\n" });
      expect(await project.run("pull", "--file", file)).toMatchObject({ code: 0 });
      expect(project.read(file)).toBe(text);
      return text;
    };
    const labs = await only("labs.yaml", "--organization", "acme-labs");
    expect(labs).toMatch(/^organization: Acme Labs\n/m);
    expect(labs).not.toMatch(/shop-api|^manage/m);
    const both = await only("both.yaml", "--organization", "Acme", "--organization", "Acme Labs");
    expect(both).toMatch(/^manage:\n {2}- teams\n/m);
    await asAdmin(project.emulator, "POST", "teams/acme/backend/projects/", { name: "later", platform: "node" });
    const alerts = await only("alerts.yaml", "--kind", "alerts");
    expect(alerts).toMatch(/^manage:\n {2}- alerts\n[\s\S]*later: \{\}/m);
    expect(alerts).not.toMatch(/team|platform|monitors|members/);
    expect(await only("members.yaml", "--kind", "members")).not.toMatch(/project/);
  }, 120_000);

  it("--dry-run prints the declaration and writes nothing; --json is one value", async () => {
    await using project = await startUndeclared();
    const printed = await project.run(...from(project.emulator), "--dry-run");
    expect(printed).toMatchObject({ code: 3, stdout: expect.stringMatching(/^# [^\n]*\n?[\s\S]*version: 1\n/) });
    const { code, stdout } = await project.run(...from(project.emulator), "--dry-run", "--json");
    const files = [{ file: "glitchtip.yaml", changed: true, text: printed.stdout }];
    expect([code, JSON.parse(stdout)]).toMatchObject([3, { status: "success", dryRun: true, files }]);
    expect(filesOf(project)).toEqual(["token"]);
    await project.run(...from(project.emulator));
    expect(project.read()).toBe(printed.stdout);
  }, 60_000);

  it("says what to type where a declaration is there already, and asks the server nothing", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    const before = project.emulator.requests.length;
    expect(await project.run(...from(project.emulator))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/error GC1001: glitchtip\.yaml exists already[\s\S]*glitchtip-compose pull --all/),
    });
    expect(project.emulator.requests.length).toBe(before);
    expect(project.read()).toContain("shop-api");
  }, 60_000);

  it("takes a token as a reference only, and does not show one that is none", async () => {
    await using project = await startServerProject();
    const { url } = project.emulator;
    const refused = async (words: readonly string[], said: string | RegExp) => {
      const { code, stdout, stderr } = await project.run("pull", ...words);
      expect([code, stderr]).toEqual([2, expect.stringMatching(said)]);
      expect(stdout + stderr).not.toContain("5ecret");
      expect(filesOf(project)).toEqual(["token"]);
    };
    await refused(["--url", url, "--token", "5ecret"], /--token: must be file:PATH, env:NAME or vault:/);
    await refused(["--url", url], /how to sign in: --token env:NAME or --token-file PATH/);
    await refused(
      ["--url", "errors.example.com", "--token-file", "token"],
      /--url errors\.example\.com: must be an http/,
    );
    await refused(
      ["--url", "https://u:5ecret@x.example", "--token-file", "token"],
      /--url https:\/\/…@x\.example: must be/,
    );
    await refused(
      ["--token-file", "token", "--organization", "Acme"],
      /--token-file is for --url[\s\S]*--organization is/,
    );
    await refused(["--url", url, "--token-file", "token", "--kind", "alert"], /did you mean "alerts"/);
    await refused(["--url", url, "--token-file", "token", "--organization", "Acne"], /Acne: none of/);
    expect(await project.run("pull")).toMatchObject({ code: 1, stderr: expect.stringMatching(/pull --url/) });
  }, 60_000);

  it("writes nothing where the address, the token or its scopes are wrong", async () => {
    await using project = await startUndeclared();
    const page = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<h1>Shop</h1>"));
    await new Promise<void>((done) => page.listen(0, "127.0.0.1", done));
    const elsewhere = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const { emulator } = project;
    project.write("wrong", "f".repeat(64));
    project.write("lines", "5ecret\n5ecret\n");
    project.write("small", emulator.mintToken(["org:read", "project:read"]));
    const refused = async (url: string, token: string, said: RegExp) => {
      const words = ["pull", "--url", url, "--token-file", token];
      expect(await project.run(...words)).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(said) });
      const { error } = JSON.parse((await project.run(...words, "--json")).stdout) as { error: { code: string } };
      expect(String(said)).toContain(error.code);
      expect(filesOf(project)).toEqual(["lines", "small", "token", "wrong"]);
    };
    try {
      await refused("http://127.0.0.1:1", "token", /GC1201/);
      await refused(elsewhere, "token", /GC1202[\s\S]*Is this GlitchTip's address and port/);
      await refused(`${emulator.url}/organizations/acme`, "token", /GC1202/);
      await refused(emulator.url, "wrong", /GC1304.*does not know this API token/);
      await refused(emulator.url, "small", /GC1305.*lacks team:read, member:read/);
      await refused(emulator.url, "absent", /GC1107/);
      await refused(emulator.url, "lines", /GC1107.*server\.token: this is no API token/);
    } finally {
      page.close();
    }
  }, 60_000);

  it("writes nothing where one list could not be read", async () => {
    await using project = await startUndeclared();
    project.emulator.fault({
      path: /shop-api\/alerts/,
      times: Number.POSITIVE_INFINITY,
      effect: { kind: "answer", status: 403 },
    });
    expect(await project.run(...from(project.emulator))).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/error GC1\d+: glitchtip\/Acme\/shop-api: [\s\S]*glitchtip\.yaml is not written/),
    });
    expect(filesOf(project)).toEqual(["token"]);
  }, 60_000);

  it("tells which organization has no place, for one has its name, and takes either by its slug", async () => {
    await using project = await startServerProject();
    for (const name of ["Acme", "Acme"]) await asAdmin(project.emulator, "POST", "organizations/", { name });
    const [, other] = project.emulator.snapshot().organizations;
    const { code, stderr } = await project.run(...from(project.emulator));
    expect([code, stderr.match(/left out:.*/g)]).toEqual([
      0,
      [expect.stringContaining(`organization "Acme" with the slug ${other?.slug} has the name of another one`)],
    ]);
    expect(await project.run("plan")).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to change") });
    const alerts = await project.run(...from(project.emulator), "--file", "alerts.yaml", "--kind", "alerts");
    expect(alerts.stderr).toMatch(
      /left out: .*organization "Acme" \(.*\) cannot be declared: another one has this name/,
    );
    const text = project.read();
    await project.run("pull", "--all");
    expect(project.read()).toBe(text);
    const byName = await project.run(...from(project.emulator), "--file", "b.yaml", "--organization", "Acme");
    expect(byName).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/2 are called so; say which one by its slug/),
    });
    await project.run(...from(project.emulator), "--file", "b.yaml", "--organization", String(other?.slug));
    expect(project.read("b.yaml")).toMatch(
      new RegExp(`^manage:[^]*^organizations:\\n {2}Acme:\\n {4}slug: ${other?.slug}$`, "m"),
    );
    expect(await project.run("plan", "--file", "b.yaml")).toMatchObject({ code: 0 });
  }, 60_000);

  it("leaves nothing behind where it is interrupted", async () => {
    await using project = await startUndeclared();
    project.emulator.fault({ path: /alerts/, times: Number.POSITIVE_INFINITY, effect: { kind: "hang" } });
    const before = project.emulator.requests.length;
    await using running = project.start(...from(project.emulator));
    const asked = () => project.emulator.requests.slice(before).some(({ path }) => path.includes("shop-api/alerts"));
    while (!asked()) await new Promise((done) => setTimeout(done, 20));
    running.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, stderr: expect.stringContaining("stopped by SIGINT") });
    expect(filesOf(project)).toEqual(["token"]);
  }, 60_000);

  it("puts one into a folder of declarations, named by its file", async () => {
    await using project = await startUndeclared();
    mkdirSync(join(project.folders.project, "servers"));
    expect(await project.run(...from(project.emulator), "--file", "servers/eu.yaml")).toMatchObject({ code: 0 });
    expect(project.read("servers/eu.yaml")).toContain("token: file:../token\n");
    expect(await project.run("plan", "--file", "servers", "--instance", "eu")).toMatchObject({ code: 0 });
    expect(existsSync(join(project.folders.project, ".glitchtip"))).toBe(false);
  }, 60_000);
});
