import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CAPABILITIES, GENERATIONS, type Generation } from "../../../src/glitchtip/versions.ts";
import { asAdmin } from "../../support/admin-calls.ts";
import { keptOf, needsScript, startOnTerminal } from "../../support/cli-process.ts";
import { startFakeEngine } from "../../support/fake-engine.ts";
import { ADMIN } from "../../support/provisioning.ts";
import { type ServerProject, SHOP, startServerProject } from "../../support/server-project.ts";

const INSIDE = SHOP.replace(/^ {2}jobs:.*\n/m, "");

/** A stack of ours that runs: an admin, whose password the setup service made, and no token. */
async function ownStack(
  password: string = ADMIN.password,
  { generation = "6" }: { readonly generation?: Generation } = {},
): Promise<ServerProject> {
  const project = await startServerProject({ generation });
  const root = mkdtempSync(join(tmpdir(), "own-stack-"));
  const secretsDir = join(root, "secrets");
  mkdirSync(join(secretsDir, "glitchtip_admin_password"), { recursive: true });
  writeFileSync(join(secretsDir, "glitchtip_admin_password", "value"), password);
  const engine = await startFakeEngine({
    root,
    project: "shop",
    dsnDir: join(root, "dsn"),
    secretsDir,
    apps: [],
    provisioner: {},
    config: { name: "shop", services: { glitchtip: {}, "glitchtip-setup": {} } },
  });
  Object.assign(project.folders.env, engine.env);
  const server = `server: {image: "glitchtip/glitchtip:${CAPABILITIES[generation].tags[0]}", url: "${project.emulator.url}"}`;
  project.write("glitchtip.yaml", `version: 1\n${server}\nadmin: {email: ${ADMIN.email}}\n${INSIDE}`);
  return {
    ...project,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      rmSync(root, { recursive: true });
      await project[Symbol.asyncDispose]();
    },
  };
}

const ours = ({ emulator }: ServerProject) =>
  emulator.snapshot().tokens.filter(({ label }) => label === "glitchtip-compose apply");

describe("a stack of our own", () => {
  it("is asked with a token that its admin makes once, and that nobody else can read", async () => {
    await using project = await ownStack();
    expect(await project.run("plan", "--server")).toMatchObject({ code: 3 });
    expect(await project.run("apply", "--yes")).toMatchObject({ code: 0 });
    expect(await project.run("plan", "--server")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
    expect(ours(project)).toHaveLength(1);
    const folder = keptOf(project.folders, "apply");
    const modes = [folder, join(folder, "state.json")].map((path) => (statSync(path).mode & 0o777).toString(8));
    expect(modes).toEqual(["700", "600"]);
  }, 60_000);

  it.each(GENERATIONS)(
    "is planned without a write on a server of %s",
    async (generation) => {
      await using project = await ownStack(ADMIN.password, { generation });
      for (const code of [3, 3]) expect(await project.run("plan", "--server")).toMatchObject({ code });
      await project.run("pull", "--dry-run");
      expect(project.emulator.snapshot().tokens.map(({ label }) => label)).toEqual(["emulator"]);
      const writes = project.emulator.requests.filter(({ method }) => method !== "GET");
      expect([...new Set(writes.map(({ method, path }) => `${method} ${path}`))]).toEqual([
        "POST /_allauth/browser/v1/auth/login",
        "DELETE /_allauth/browser/v1/auth/session",
      ]);
    },
    60_000,
  );

  it("gets a new token where the old one was deleted", async () => {
    await using project = await ownStack();
    await project.run("apply", "--yes");
    const state = join(keptOf(project.folders, "apply"), "state.json");
    writeFileSync(state, readFileSync(state, "utf8").replace(/[0-9a-f]{64}/, "0".repeat(64)));
    expect(await project.run("plan", "--server")).toMatchObject({ code: 0 });
    expect(await project.run("apply", "--yes")).toMatchObject({ code: 0 });
    expect(ours(project)).toHaveLength(1);
  }, 60_000);

  it("whose password is refused says so once, and does not try it again", async () => {
    await using project = await ownStack("Wrong-Horse-7");
    const first = await project.run("apply", "--yes");
    expect([first.code, first.stderr]).toEqual([1, expect.stringContaining("error GC1301")]);
    const second = await project.run("apply", "--yes");
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining("error GC1302")]);
    expect(project.emulator.requests.filter(({ path }) => path.endsWith("/auth/login"))).toHaveLength(1);
  }, 60_000);

  it("that does not run is no mistake of a plan of its files, but one of --server", async () => {
    await using project = await ownStack();
    project.write("glitchtip.yaml", project.read().replace(project.emulator.url, "http://127.0.0.1:1"));
    const both = await project.run("plan");
    expect([both.code, both.stderr]).toEqual([3, expect.stringContaining("the server of this stack was not asked: ")]);
    expect(await project.run("plan", "--server")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("error GC1201"),
    });
    expect(JSON.parse((await project.run("plan", "--json")).stdout)).toMatchObject({
      changes: true,
      status: "skipped",
    });
  }, 60_000);
});

describe("pull of a stack of our own", () => {
  it("keeps projects that applications report to, and says that the files follow", async () => {
    await using project = await ownStack();
    const apps = "apps: {api: {project: jobs}}\n";
    project.write("glitchtip.yaml", `${project.read().trimEnd()}\n  jobs: {}\n  unused: {}\n${apps}`);
    const { code, stdout, stderr } = await project.run("pull");
    expect([code, stdout]).toEqual([0, expect.stringContaining("glitchtip.yaml already contains all of it")]);
    expect(stderr).toContain('organization "Acme" is not on the server; it stays declared');
    await project.run("apply", "--yes");
    for (const slug of ["jobs", "unused"]) await asAdmin(project.emulator, "DELETE", `projects/acme/${slug}/`);
    const second = await project.run("pull");
    expect(second.stdout).toBe('removed glitchtip/Acme/unused: project "unused"\nchanged glitchtip.yaml\n');
    expect(second.stderr).toMatch(
      /project "jobs" is not on the server; it stays declared, because applications report/,
    );
    expect(second.stderr).toContain("next: npx glitchtip-compose render");
    expect(project.read()).not.toContain("unused");
  }, 60_000);

  it("takes nothing out of the declaration that could not be read", async () => {
    await using project = await ownStack();
    project.write("glitchtip.yaml", `${project.read()}teams: [backend, ops]\n`);
    await project.run("apply", "--yes");
    const before = project.read();
    const effect = { kind: "answer", status: 403 } as const;
    project.emulator.fault({ path: /\/teams\/|\/alerts\//, times: Number.POSITIVE_INFINITY, effect });
    const { code } = await project.run("pull");
    expect([code, project.read()]).toEqual([1, before]);
  }, 60_000);
});

describe("on a terminal", () => {
  it("apply shows what it would do and asks; no changes nothing, yes does it", async ({ skip }) => {
    needsScript(skip);
    await using project = await startServerProject();
    project.declare(INSIDE);
    await using no = startOnTerminal(project.folders, "apply");
    await no.says("apply?");
    no.type("n\r");
    expect((await no.ended).code).toBe(130);
    expect(project.emulator.snapshot().projects).toEqual([]);
    await using yes = startOnTerminal(project.folders, "apply");
    await yes.says("apply?");
    yes.type("y\r");
    expect((await yes.ended).code).toBe(0);
    expect(project.emulator.snapshot().projects).toMatchObject([{ slug: "shop-api" }]);
  }, 60_000);

  it("a project is deleted when its name is typed, and kept when it is not", async ({ skip }) => {
    needsScript(skip);
    await using project = await startServerProject();
    project.declare(SHOP);
    await project.run("apply", "--yes");
    project.declare(`prune: true\n${INSIDE}`);
    for (const [word, left] of [
      ["no", 2],
      ["jobs", 1],
    ] as const) {
      await using run = startOnTerminal(project.folders, "apply");
      await run.says("apply?");
      run.type("y");
      await run.says("Type jobs to go on");
      run.type(`${word}\r`);
      expect((await run.ended).code).toBe(0);
      const there = project.emulator.snapshot().projects.filter(({ deleted }) => !deleted);
      expect(there).toHaveLength(left);
    }
  }, 60_000);
});

describe("members", () => {
  const MEMBERS = "organization: Acme\nmembers: [{email: dev@example.com, role: admin}]\n";

  it("the link of an invitation goes into a file for the user alone, where the server tells it", async () => {
    await using project = await startServerProject({ generation: "6", registration: "open" });
    project.declare(MEMBERS);
    const { code, stdout, stderr } = await project.run("apply", "--yes");
    const path = join(keptOf(project.folders, "provision"), "invitations.tsv");
    expect([code, stdout]).toEqual([0, expect.stringContaining(`links of invitations: ${path}\n`)]);
    const kept = readFileSync(path, "utf8");
    expect(kept).toMatch(/^prod\tAcme\tdev@example\.com\thttp\S+\n$/);
    expect(stdout + stderr).not.toContain(kept.split("\t")[3]?.trim());
    expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
  }, 60_000);

  it("where it does not, it is said where to find it; a closed registration and a 5.2 without Valkey are told", async () => {
    await using open = await startServerProject({ generation: "5.1", registration: "open" });
    open.declare(MEMBERS);
    expect((await open.run("apply", "--yes")).stderr).toMatch(
      /dev@example\.com.*the invitation's link is in the e-mail/,
    );
    await using closed = await startServerProject({ generation: "5.2" });
    closed.declare(MEMBERS);
    closed.write("glitchtip.yaml", closed.read().replace("{url", '{generation: "5.2", url'));
    const { code, stderr } = await closed.run("apply", "--yes");
    expect(code).toBe(1);
    expect(stderr).toContain("warning: prod: GlitchTip 5.2 answers invitations with 500 where it runs without Valkey");
    expect(stderr).toMatch(
      /error GC1305: .*cannot be invited: Only existing users may be invited\n {2}→ Registration is closed/,
    );
  }, 60_000);
});
