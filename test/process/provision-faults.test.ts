import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../src/base/errors.ts";
import { Secret } from "../../src/base/secret.ts";
import { type Clock, systemClock } from "../../src/base/wait.ts";
import { type Emulator, type EmulatorOptions, type FaultEffect, startEmulator } from "../../src/emulator/index.ts";
import { signIn } from "../../src/glitchtip/session.ts";
import { openNodeTransport } from "../../src/glitchtip/transport-node.ts";
import { asAdmin } from "../support/admin-calls.ts";
import { PASSING_FAULTS } from "../support/passing-faults.ts";
import { countsOf, ONE_OF_EACH, requestsOfFirstRun } from "../support/provisioner-process.ts";
import {
  ADMIN,
  declare,
  dsnOf,
  type Folders,
  hastyClock,
  type ProvisionRun,
  provisionOnce,
  temporaryFolders,
} from "../support/provisioning.ts";

const GENERATIONS = ["4.1", "5.1", "5.2", "6"] as const;

const startServer = (options: EmulatorOptions = {}) =>
  startEmulator({ superuser: ADMIN, processingDelayMs: 0, ...options });

const provisionHastily = (emulator: Emulator, folders: Folders, run: ProvisionRun = {}) =>
  provisionOnce(emulator.url, folders, { clock: hastyClock(emulator), ...run });

const requests = (await requestsOfFirstRun()).map((name, at) => ({ name, nth: at + 1 }));

describe.each(GENERATIONS)("a first run on GlitchTip %s", (generation) => {
  it.each(PASSING_FAULTS)("gets over one answer of $what, whichever request it hits", async ({ effect }) => {
    for (const { nth, name } of requests) {
      using folders = temporaryFolders();
      await using emulator = await startServer({ generation });
      emulator.fault({ nth, effect });
      const outcome = await provisionHastily(emulator, folders);
      expect(outcome.problem, name).toBeUndefined();
      expect(countsOf(emulator), name).toEqual(ONE_OF_EACH);
      expect(emulator.snapshot().issues, name).toEqual([]);
      expect(outcome.status.apps.api?.dsn, name).toBe("proved");
    }
  });
});

const GOES_ON: readonly { readonly what: string; readonly effect: FaultEffect; readonly code: RegExp }[] = [
  { what: "500", effect: { kind: "answer", status: 500 }, code: /GC1205/ },
  { what: "resets", effect: { kind: "reset" }, code: /GC1208/ },
  { what: "429 for an hour", effect: { kind: "rate-limit", retryAfter: 3600 }, code: /GC1207/ },
  { what: "403", effect: { kind: "answer", status: 403, body: { detail: "no" } }, code: /GC1305|GC1402|GC1404/ },
  { what: "another product's page", effect: { kind: "html" }, code: /GC1202|GC1405/ },
];
const writes = requests.filter(({ name }) => name.startsWith("POST"));

describe("a server that answers one kind of write with nothing else than", () => {
  it.each(GOES_ON)(
    "$what ends the run with the right code, and the run after it is whole",
    async ({ effect, code }) => {
      for (const { name } of writes) {
        using folders = temporaryFolders();
        await using emulator = await startServer();
        const path = new RegExp(`^${name.replace("POST ", "")}$`);
        emulator.fault({ method: "POST", path, times: Number.POSITIVE_INFINITY, effect });
        const failure = await failureOf(provisionHastily(emulator, folders));
        expect(failure?.code, name).toMatch(code);
        emulator.clearFaults();
        emulator.advance(3_600_000);
        const next = await provisionHastily(emulator, folders);
        expect(next.problem, name).toBeUndefined();
        expect(countsOf(emulator), name).toEqual(ONE_OF_EACH);
      }
    },
  );

  it("429 to the proof still gives the app its DSN, and says that it is not proved", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    emulator.fault({ path: /envelope/, times: 9, effect: { kind: "rate-limit", retryAfter: 600 } });
    const { problem, status } = await provisionHastily(emulator, folders);
    expect(problem?.code).toBe("GC1207");
    expect(status).toMatchObject({ state: "degraded", apps: { api: { dsn: "accepted" } } });
    expect(dsnOf(folders, "api")).toMatch(/^http:/);
  });

  it("resets leaves no second token, team or project however often it is run", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    emulator.fault({ method: "POST", path: /projects\/$/, times: 40, effect: { kind: "reset", acted: true } });
    for (let run = 0; run < 3; run++) await failureOf(provisionHastily(emulator, folders));
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });
});

async function failureOf(run: Promise<{ problem?: CodedError }>): Promise<CodedError | undefined> {
  try {
    return (await run).problem;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

describe("a known DSN", () => {
  it.each(PASSING_FAULTS)("is confirmed although its check meets $what", async ({ effect }) => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    await provisionHastily(emulator, folders);
    emulator.fault({ path: /envelope/, effect });
    const { status, written } = await provisionHastily(emulator, folders);
    expect(status).toMatchObject({ state: "ok", apps: { api: { dsn: "proved" } } });
    expect(written).toBe(false);
  });
});

describe.each(GENERATIONS)("what others did on GlitchTip %s between two runs", (generation) => {
  it("a revoked token is replaced, and only one is there", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    const session = await signedIn(emulator);
    for (const { id } of await session.tokens()) await session.deleteToken(id);
    const next = await provisionHastily(emulator, folders);
    expect(next.log).toMatch(/no longer accepted; signing in\nmade API token/);
    expect(next.envFiles).toEqual(first.envFiles);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });

  it("a deleted organization is made again with all that belongs in it", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "DELETE", "organizations/acme/");
    const next = await provisionHastily(emulator, folders);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
    expect(next.status.apps.api?.dsn).toBe("proved");
    expect(next.envFiles).not.toEqual(first.envFiles);
  });

  it("a deleted project is made again, and its DSN proved anew", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation, processingDelayMs: 300 });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "DELETE", "projects/acme/shop-api/");
    const next = await provisionHastily(emulator, folders);
    expect(next.status.apps.api?.dsn).toBe("proved");
    expect(next.status.apps.api?.projectId).not.toBe(first.status.apps.api?.projectId);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
    expect(emulator.snapshot().issues).toEqual([]);
  });

  it("a deleted key is replaced by one of ours", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    await provisionHastily(emulator, folders);
    const gone = emulator.snapshot().keys[0]?.publicKey ?? "";
    await asAdmin(emulator, "DELETE", `projects/acme/shop-api/keys/${gone}/`);
    const next = await provisionHastily(emulator, folders);
    expect(emulator.snapshot().keys.map(({ name }) => name)).toEqual(["glitchtip-compose"]);
    expect(next.status.apps.api?.dsn).toBe("proved");
    expect(dsnOf(folders, "api")).not.toContain(gone.replaceAll("-", ""));
  });

  it("a second key of somebody else is left alone", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "POST", "projects/acme/shop-api/keys/", { name: "theirs" });
    const next = await provisionHastily(emulator, folders);
    expect(next.envFiles).toEqual(first.envFiles);
    expect(emulator.snapshot().keys).toHaveLength(2);
  });

  it("a team that lost the project gets it again", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "DELETE", "projects/acme/shop-api/teams/backend/");
    const next = await provisionHastily(emulator, folders);
    expect(emulator.snapshot().projects.map(({ teams }) => teams)).toEqual([["backend"]]);
    expect(next.envFiles).toEqual(first.envFiles);
  });

  it("a renamed project stays the same one: same DSN, no second", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "PUT", "projects/acme/shop-api/", { name: "Shop, renamed" });
    const next = await provisionHastily(emulator, folders);
    expect(next.envFiles).toEqual(first.envFiles);
    expect(next.status.apps.api?.project).toBe(emulator.snapshot().projects[0]?.slug);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });

  it("a renamed organization stays the same one", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "PUT", "organizations/acme/", { name: "Acme and Sons" });
    const next = await provisionHastily(emulator, folders);
    expect(next.envFiles).toEqual(first.envFiles);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });

  it("a project of the same name made in the middle of our run is taken instead of ours, which goes", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    // The team's creation has an unknown outcome: in the pause before we look, somebody is faster.
    emulator.fault({ method: "POST", path: /\/teams\/$/, effect: { kind: "reset", acted: true } });
    let theirs: { id: string } | undefined;
    const clock = interruptedClock(emulator, async () => {
      theirs ??= await asAdmin(emulator, "POST", "teams/acme/backend/projects/", { name: "shop-api" });
    });
    const { status } = await provisionOnce(emulator.url, folders, { clock });
    expect(status.apps.api).toMatchObject({ project: "shop-api", projectId: String(theirs?.id), dsn: "proved" });
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });

  it("finds its project on a later page instead of making it twice", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    await asAdmin(emulator, "POST", "organizations/", { name: "Acme" });
    await asAdmin(emulator, "POST", "organizations/acme/teams/", { slug: "backend" });
    const names = [...Array.from({ length: 105 }, (_, at) => `other ${at}`), "shop-api"];
    for (const name of names) await asAdmin(emulator, "POST", "teams/acme/backend/projects/", { name });
    const { status } = await provisionHastily(emulator, folders);
    expect(status.apps.api).toMatchObject({ project: "shop-api", projectId: "106" });
    expect(emulator.snapshot().projects).toHaveLength(106);
  });

  it("an address that cannot be used is named with what to do", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    await asAdmin(emulator, "POST", "organizations/", { name: "Acme" });
    await asAdmin(emulator, "POST", "organizations/acme/teams/", { slug: "backend" });
    await asAdmin(emulator, "POST", "teams/acme/backend/projects/", { name: "shop-api" });
    await asAdmin(emulator, "PUT", "projects/acme/shop-api/", { name: "shop-api", slug: "Not A Slug!" });
    await expect(provisionHastily(emulator, folders)).rejects.toMatchObject({
      code: "GC1403",
      message: expect.stringContaining('"Not A Slug!"'),
      remedy: expect.stringContaining("letters, digits"),
    });
    expect(countsOf(emulator)).toMatchObject({ projects: 1 });
  });
});

/** Waits take no time, but each gives somebody else a turn. */
function interruptedClock(emulator: Emulator, turn: () => Promise<void>): Clock {
  const hasty = hastyClock(emulator);
  return {
    now: hasty.now,
    async sleep(ms, signal) {
      await turn();
      await hasty.sleep(ms, signal);
    },
  };
}

const signedIn = (emulator: Emulator) =>
  signIn({
    transport: openNodeTransport(emulator.url),
    clock: systemClock,
    signal: new AbortController().signal,
    email: ADMIN.email,
    password: new Secret(ADMIN.password),
  });

describe.each(GENERATIONS)("accounts on GlitchTip %s", (generation) => {
  it("without any account the password is refused once, with what to do, and nothing is made", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ generation });
    await expect(provisionHastily(emulator, folders)).rejects.toMatchObject({
      code: "GC1301",
      message: expect.stringContaining(ADMIN.email),
      remedy: expect.stringContaining("changepassword"),
    });
    await expect(provisionHastily(emulator, folders)).rejects.toMatchObject({ code: "GC1302" });
    expect(emulator.requests.filter(({ path }) => path.endsWith("/login"))).toHaveLength(1);
    expect(emulator.snapshot().tokens).toEqual([]);
  });

  it("an account from the sign-up page may make the first organization", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ generation, processingDelayMs: 0 });
    await signUp(emulator);
    const { status } = await provisionHastily(emulator, folders);
    expect(status.apps.api?.dsn).toBe("proved");
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });

  it("an account from the sign-up page may not make a second organization: GC1402 says what would help", async () => {
    using first = temporaryFolders();
    await using emulator = await startEmulator({ generation, processingDelayMs: 0 });
    await signUp(emulator);
    await provisionHastily(emulator, first);
    using second = temporaryFolders();
    await expect(
      provisionHastily(emulator, second, { declaration: declare({ organization: "Other" }) }),
    ).rejects.toMatchObject({ code: "GC1402", remedy: expect.stringContaining("ENABLE_ORGANIZATION_CREATION") });
    expect(emulator.snapshot().organizations).toHaveLength(1);
  });

  it("after too many failed attempts of others it says to wait, and does not take its password for refused", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    emulator.fault({
      path: /login$/,
      effect: { kind: "answer", status: 400, body: { status: 400, errors: [{ code: "too_many_login_attempts" }] } },
    });
    await expect(provisionHastily(emulator, folders)).rejects.toMatchObject({ code: "GC1303" });
    await provisionHastily(emulator, folders);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });
});

/** As a visitor does it in the browser. */
async function signUp(emulator: Emulator): Promise<void> {
  const base = `${emulator.url}/_allauth/browser/v1`;
  const config = await fetch(`${base}/config`);
  const csrf = /csrftoken=([^;]+)/.exec(config.headers.get("set-cookie") ?? "")?.[1] ?? "";
  const answer = await fetch(`${base}/auth/signup`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie: `csrftoken=${csrf}`, "x-csrftoken": csrf },
    body: JSON.stringify(ADMIN),
  });
  if (!answer.ok) throw new Error(`sign-up: ${answer.status} ${await answer.text()}`);
}

describe("an address that is not GlitchTip's", () => {
  const lateAt = (url: string) => {
    const folders = temporaryFolders();
    const run = provisionOnce(url, folders, { clock: hastyClock(), readyWithinMs: 60_000 });
    return run.finally(() => folders[Symbol.dispose]());
  };

  it("where nothing listens is not ready in time, and the reason is said", async () => {
    const server = createServer();
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const { port } = server.address() as AddressInfo;
    await new Promise((done) => server.close(done));
    await expect(lateAt(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: "GC1203",
      message: expect.stringContaining("nothing answers at this address"),
    });
  });

  it("whose name does not resolve is not ready in time, and the reason is said", async () => {
    // A label of 64 characters is refused without asking a name server.
    await expect(lateAt(`http://${"x".repeat(64)}.invalid:8000`)).rejects.toMatchObject({
      code: "GC1203",
      message: expect.stringContaining(".invalid:8000/api/settings/: the host's name does not resolve"),
    });
  });

  it("where another product answers in HTML is named as that, soon", async () => {
    const server = createServer((_, response) => {
      response.setHeader("content-type", "text/html; charset=utf-8").end("<title>Grafana</title>");
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const { port } = server.address() as AddressInfo;
    await expect(lateAt(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: "GC1202",
      message: `GET http://127.0.0.1:${port}/api/settings/: 200 with text/html; charset=utf-8 instead of JSON`,
      remedy: expect.stringContaining("address and port"),
    });
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  it("that is overloaded while it starts is waited for", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    emulator.fault({ path: /settings/, times: 5, effect: { kind: "rate-limit", retryAfter: 1 } });
    emulator.fault({ path: /settings/, nth: 6, times: 5, effect: { kind: "truncate" } });
    await provisionHastily(emulator, folders, { readyWithinMs: 300_000 });
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });
});
