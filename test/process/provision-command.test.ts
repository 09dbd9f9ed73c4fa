import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import { PROVISION_SCOPES } from "../../src/provision/token.ts";
import { type CliFolders, type CliResult, cliFolders, keptOf, startCli } from "../support/cli-process.ts";
import { startServer } from "../support/emulator.ts";
import { ADMIN } from "../support/provisioning.ts";

const declaration = (url: string, more = "") => `version: 1
server: { url: ${url}, token: "file:token", containerUrl: "http://errors.internal:8000" }
organization: Acme
projects: { shop: { team: backend } }
apps: { api: { project: shop }, web: { project: shop, audience: public, variables: [VITE_SENTRY_DSN] }${more} }
`;

interface Setup extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly folders: CliFolders;
  readonly token: string;
  readonly run: (...words: string[]) => Promise<CliResult>;
  readonly path: (...names: string[]) => string;
  readonly read: (...names: string[]) => string;
}

async function setUp(more = ""): Promise<Setup> {
  const emulator = await startServer();
  const folders = cliFolders();
  const token = emulator.mintToken(PROVISION_SCOPES, "of CI");
  const path = (...names: string[]) => join(folders.project, ...names);
  writeFileSync(path("glitchtip.yaml"), declaration(emulator.url, more));
  writeFileSync(path("token"), `${token}\n`);
  return {
    emulator,
    folders,
    token,
    run: (...words) => startCli(folders, "-C", folders.project, ...words).ended,
    path,
    read: (...names) => readFileSync(path(...names), "utf8"),
    async [Symbol.asyncDispose]() {
      folders[Symbol.dispose]();
      await emulator.close();
    },
  };
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("provision", () => {
  it("creates what is missing without Docker, writes each app's DSN, and shows neither token nor key", async () => {
    await using setup = await setUp();
    const { code, stdout, stderr } = await setup.run("provision", "--out", "dsn");
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const [project] = setup.emulator.snapshot().projects;
    const [key] = setup.emulator.snapshot().keys;
    const hex = key?.publicKey.replaceAll("-", "") ?? "";
    expect(setup.read("dsn", "api.env")).toBe(
      `export SENTRY_DSN='http://${hex}@errors.internal:8000/${project?.id}'\n`,
    );
    expect(setup.read("dsn", "web.env")).toBe(
      `export VITE_SENTRY_DSN='${setup.emulator.url.replace("//", `//${hex}@`)}/${project?.id}'\n`,
    );
    expect(mode(setup.path("dsn", "api.env"))).toBe("444");
    expect(stdout).toContain('create organization "Acme"');
    expect(stdout + stderr).not.toContain(hex);
    expect(stdout + stderr).not.toContain(setup.token);
    expect(setup.emulator.snapshot().tokens.map(({ label }) => label)).toEqual(["of CI"]);
  });

  it("stores its state outside of the workspace, closed to others, and does nothing the second time", async () => {
    await using setup = await setUp();
    await setup.run("provision", "--dotenv", "all.env");
    const folder = keptOf(setup.folders, "provision");
    expect([mode(folder), mode(join(folder, "state.json"))]).toEqual(["700", "600"]);
    expect(existsSync(setup.path(".glitchtip", "state", "state.json"))).toBe(false);
    expect(mode(setup.path("all.env"))).toBe("600");
    expect(setup.read("all.env")).toMatch(/^SENTRY_DSN='http.*'\nVITE_SENTRY_DSN='http.*'\n$/);
    const before = setup.emulator.requests.length;
    const written = statSync(setup.path("all.env")).mtimeMs;
    const again = await setup.run("provision", "--dotenv", "all.env", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({
      check: false,
      changes: [],
      files: [],
      organization: "acme",
      apps: { api: { project: "shop", dsn: "proved" } },
    });
    expect(setup.emulator.requests.length - before).toBe(3);
    expect(statSync(setup.path("all.env")).mtimeMs).toBe(written);
  });

  it("--check reports what a run would change with exit code 3, and changes nothing", async () => {
    await using setup = await setUp();
    const look = async () => await setup.run("provision", "--check", "--out", "dsn");
    const before = await look();
    expect(before).toMatchObject({
      code: 3,
      stdout:
        'would create organization "Acme"\nwould create team backend\nwould create project "shop" for team backend\n',
    });
    expect(readdirSync(setup.folders.project).sort()).toEqual(["glitchtip.yaml", "token"]);
    expect(setup.emulator.snapshot()).toMatchObject({ organizations: [], events: [] });
    await setup.run("provision");
    expect(await look()).toMatchObject({ code: 3, stdout: "would write dsn/api.env\nwould write dsn/web.env\n" });
    await setup.run("provision", "--out", "dsn");
    expect(await look()).toMatchObject({ code: 0, stdout: "nothing to change\n" });
  });

  it("--check without a token reports that one would be created, and does not sign in", async () => {
    await using setup = await setUp();
    writeFileSync(
      setup.path("glitchtip.yaml"),
      `version: 1\nserver: { url: ${setup.emulator.url}, containerUrl: "http://e:8000" }\nadmin: { email: ${ADMIN.email}, password: "file:password" }\norganization: Acme\nprojects: { shop: {} }\napps: { api: { project: shop } }\n`,
    );
    writeFileSync(setup.path("password"), ADMIN.password);
    const { code, stdout } = await setup.run("provision", "--check", "--json");
    expect([code, JSON.parse(stdout).changes]).toEqual([3, [{ type: "create-token" }]]);
    expect(setup.emulator.snapshot().tokens).toHaveLength(1);
    expect(await setup.run("provision")).toMatchObject({ code: 0 });
    expect(setup.emulator.snapshot().tokens.map(({ label }) => label)).toContain("glitchtip-compose provision my-shop");
    expect(await setup.run("provision", "--check")).toMatchObject({ code: 0 });
  });

  it("--check of a stack whose provisioner has ended says that nothing would change, by a session that it ends", async () => {
    await using setup = await setUp();
    const text = `version: 1\nadmin: { email: ${ADMIN.email}, password: "file:password" }\norganization: Acme\nprojects: { shop: {} }\napps: { api: { project: shop } }\n`;
    writeFileSync(setup.path("glitchtip.yaml"), text);
    writeFileSync(setup.path("password"), ADMIN.password);
    const check = () => setup.run("provision", "--check", "--url", setup.emulator.url);
    expect(await check()).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('would create organization "Acme"'),
    });
    // The provisioner's container: its memory is in a volume, not in this folder.
    using elsewhere = cliFolders();
    for (const name of ["glitchtip.yaml", "password"]) writeFileSync(join(elsewhere.project, name), setup.read(name));
    await startCli(elsewhere, "-C", elsewhere.project, "provision", "--url", setup.emulator.url).ended;
    const tokens = setup.emulator.snapshot().tokens.length;
    expect(await check()).toMatchObject({ code: 0, stdout: "nothing to change\n" });
    expect(setup.emulator.snapshot().tokens).toHaveLength(tokens);
    expect(existsSync(setup.path(".glitchtip"))).toBe(false);
  });

  it("takes url and token from the command line, the token by reference only", async () => {
    await using setup = await setUp();
    const secret = "0123456789abcdef".repeat(4);
    const refused = await setup.run("provision", "--token", secret, "--url", "errors.example.com");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/--url: must be an http.*\n.*--token: must be file:PATH/);
    expect(refused.stderr).not.toContain(secret);
    writeFileSync(
      setup.path("glitchtip.yaml"),
      declaration("https://nowhere.invalid").replace('"file:token"', "env:NO"),
    );
    const run = await setup.run("provision", "--url", setup.emulator.url, "--token", "file:token", "--json");
    expect([run.code, JSON.parse(run.stdout).server.url]).toEqual([0, setup.emulator.url]);
  });

  it("writes the env files of apps that take theirs from one, and says when one file cannot hold all", async () => {
    await using setup = await setUp(", jobs: { project: shop, inject: env-file, audience: host }");
    const all = await setup.run("provision", "--dotenv", "all.env");
    expect(all).toMatchObject({ code: 2, stderr: expect.stringContaining("SENTRY_DSN: from api and from jobs") });
    expect(existsSync(setup.path("all.env"))).toBe(false);
    expect(await setup.run("provision", "jobs", "--dotenv", "jobs.env")).toMatchObject({ code: 0 });
    expect(setup.read(".glitchtip", "env", "jobs.env")).toBe(setup.read("jobs.env"));
    expect(setup.read("jobs.env")).toContain(setup.emulator.url.slice("http://".length));
  });

  it("ends with 4 where the server is not ready in time, and with the reason", async () => {
    const server = createServer((_, answer) => answer.writeHead(503).end("starting"));
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    await using setup = await setUp();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stderr } = await setup.run("provision", "--url", url, "--ready-within", "1");
    server.close();
    expect([code, stderr]).toEqual([4, expect.stringContaining("GC1203")]);
  });

  it("sends no request when every app has a DSN of its own", async () => {
    await using setup = await setUp();
    writeFileSync(setup.path("glitchtip.yaml"), "version: 1\napps: { api: { dsn: env:API_DSN } }\n");
    const { code, stdout } = await setup.run("provision");
    expect([code, stdout]).toEqual([0, "every app has a given DSN, so there is nothing to provision\n"]);
  });
});
