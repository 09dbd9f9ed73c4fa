import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startEmulator } from "../../src/emulator/index.ts";
import { GENERATIONS } from "../../src/glitchtip/versions.ts";
import { startServer } from "../support/emulator.ts";
import {
  ADMIN,
  declare,
  dsnOf,
  hastyClock,
  provisionHastily,
  provisionOnce,
  temporaryFolders,
} from "../support/provisioning.ts";

describe.each(GENERATIONS)("provisioning an empty GlitchTip %s", (generation) => {
  it("creates one object of each kind, proves the DSN and leaves no trace of the proof", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ generation, superuser: ADMIN, processingDelayMs: 20 });
    const first = await provisionOnce(emulator.url, folders);
    const { organizations, teams, projects, keys, tokens, issues } = emulator.snapshot();
    expect(organizations.map(({ slug }) => slug)).toEqual(["acme"]);
    expect(teams.map(({ slug }) => slug)).toEqual(["backend"]);
    expect(projects.map(({ slug, platform }) => [slug, platform])).toEqual([["shop-api", "node"]]);
    expect(keys).toHaveLength(1);
    expect(tokens.map(({ label }) => label)).toEqual(["glitchtip-compose"]);
    expect(issues).toEqual([]);
    const key = keys[0]?.publicKey.replaceAll("-", "");
    expect(dsnOf(folders, "api")).toBe(`http://${key}@glitchtip:8000/${projects[0]?.id}`);
    expect(first.status.apps.api?.dsn).toBe("proved");
    expect(first.log).not.toContain(key);
  });

  it("sends at most ten requests before the proof, and two and one for each project when nothing changes", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    await provisionOnce(emulator.url, folders);
    expect(emulator.requests.findIndex(({ path }) => path.includes("/envelope/"))).toBeLessThanOrEqual(10);
    const before = emulator.requests.length;
    const mtimes = () =>
      [folders.dsn, folders.state].flatMap((dir) =>
        readdirSync(dir, { recursive: true, encoding: "utf8" }).map((f) => statSync(join(dir, f)).mtimeMs),
      );
    const written = mtimes();
    const second = await provisionOnce(emulator.url, folders);
    expect(emulator.requests.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /api/settings/",
      "GET /api/0/organizations/acme/projects/?limit=100",
      `POST /api/${emulator.snapshot().projects[0]?.id}/envelope/`,
    ]);
    expect(second.written).toBe(false);
    expect(mtimes()).toEqual(written);
    expect(emulator.snapshot().events).toEqual([]);
  });
});

describe("provisioning", () => {
  it("gives each audience its own address and each app its own names", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    const declaration = declare({
      projects: { shop: {}, web: { team: "frontend" } },
      apps: {
        api: { project: "shop", variables: ["SENTRY_DSN", "ConnectionStrings__glitchtip"] },
        host: { project: "shop", audience: "host" },
        web: { project: "web", preset: "next", variables: ["VITE_SENTRY_DSN"], audience: "public" },
      },
    });
    await provisionOnce(emulator.url, folders, { declaration });
    const { keys, projects } = emulator.snapshot();
    const parts = (slug: string) => ({
      id: projects.find((project) => project.slug === slug)?.id,
      key: keys.find((key) => key.project.endsWith(slug))?.publicKey.replaceAll("-", ""),
    });
    const [shop, web] = [parts("shop"), parts("web")];
    expect(dsnOf(folders, "api")).toBe(`http://${shop.key}@glitchtip:8000/${shop.id}`);
    expect(dsnOf(folders, "api", "ConnectionStrings__glitchtip")).toBe(dsnOf(folders, "api"));
    expect(dsnOf(folders, "host")).toBe(`http://${shop.key}@localhost:8000/${shop.id}`);
    expect(dsnOf(folders, "web")).toBe(`http://${web.key}@glitchtip:8000/${web.id}`);
    expect(dsnOf(folders, "web", "NEXT_PUBLIC_SENTRY_DSN")).toBe(dsnOf(folders, "web", "VITE_SENTRY_DSN"));
    expect(dsnOf(folders, "web", "VITE_SENTRY_DSN")).toBe(`https://${web.key}@errors.example.com/${web.id}`);
  });

  it("adopts objects by their exact names", async () => {
    await using emulator = await startServer();
    using first = temporaryFolders();
    await provisionOnce(emulator.url, first);
    using second = temporaryFolders();
    await provisionOnce(emulator.url, second);
    const { organizations, projects, keys, tokens } = emulator.snapshot();
    expect([organizations.length, projects.length, keys.length, tokens.length]).toEqual([1, 1, 1, 1]);
    expect(dsnOf(second, "api")).toBe(dsnOf(first, "api"));
  });

  it("names the addresses when two organizations have the name, and makes nothing", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ superuser: ADMIN });
    const token = emulator.mintToken();
    for (let i = 0; i < 2; i++) {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      await fetch(`${emulator.url}/api/0/organizations/`, { method: "POST", headers, body: '{"name":"Acme"}' });
    }
    const slugs = emulator.snapshot().organizations.map(({ slug }) => slug);
    await expect(provisionOnce(emulator.url, folders)).rejects.toMatchObject({
      code: "GC1401",
      message: expect.stringContaining(slugs.join(", ")),
    });
    expect(emulator.snapshot().projects).toEqual([]);
  });

  it("tries a wrong password once, and again only when it has changed", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    const logins = () => emulator.requests.filter(({ path }) => path.endsWith("/auth/login")).length;
    await expect(provisionOnce(emulator.url, folders, { password: "wrong" })).rejects.toMatchObject({ code: "GC1301" });
    await expect(provisionOnce(emulator.url, folders, { password: "wrong" })).rejects.toMatchObject({ code: "GC1302" });
    expect(logins()).toBe(1);
    await provisionOnce(emulator.url, folders);
    expect(logins()).toBe(2);
  });

  it("signs in again when the token was revoked, and finds everything by identity", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    await provisionOnce(emulator.url, folders);
    const dsn = dsnOf(folders, "api");
    const state = join(folders.state, "state.json");
    const { token } = JSON.parse(readFileSync(state, "utf8"));
    emulator.fault({
      path: /organizations/,
      effect: { kind: "answer", status: 401, body: { detail: "Unauthorized" } },
    });
    await provisionOnce(emulator.url, folders);
    expect(token.value).toMatch(/^[0-9a-f]{64}$/);
    expect(dsnOf(folders, "api")).toBe(dsn);
    expect(emulator.snapshot().tokens).toHaveLength(1);
    expect(emulator.snapshot().projects).toHaveLength(1);
  });

  it("does not take a new database's objects for the old ones although their ids are the same", async () => {
    using folders = temporaryFolders();
    {
      await using old = await startServer();
      await provisionOnce(old.url, folders);
    }
    await using fresh = await startServer();
    using others = temporaryFolders();
    await provisionOnce(fresh.url, others, { declaration: declare({ projects: { other: {} }, apps: {} }) });
    await provisionOnce(fresh.url, folders);
    const { projects, keys } = fresh.snapshot();
    expect(projects.map(({ slug }) => slug)).toEqual(["other", "shop-api"]);
    const key = keys.find(({ project }) => project.endsWith("shop-api"))?.publicKey.replaceAll("-", "");
    expect(dsnOf(folders, "api")).toBe(`http://${key}@glitchtip:8000/2`);
  });

  it("publishes a good DSN and reports the failure when the worker stores nothing", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ superuser: ADMIN, worker: false });
    const outcome = await provisionOnce(emulator.url, folders, { clock: hastyClock(emulator), proofWithinMs: 60_000 });
    expect(outcome.problem?.code).toBe("GC1405");
    expect(outcome.status).toMatchObject({ state: "degraded", apps: { api: { dsn: "accepted" } } });
    expect(dsnOf(folders, "api")).toMatch(/^http:/);
    expect(emulator.requests.filter(({ path }) => path.includes("/envelope/"))).toHaveLength(2);
  });

  it("proves the worker of a known DSN by one event where it is told to, and leaves no trace of it", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    const declaration = declare({ projects: { shop: {}, web: {} }, apps: {} });
    const first = await provisionHastily(emulator, folders, { declaration });
    const events = () => emulator.requests.filter(({ path }) => path.includes("/events/")).length;
    const before = events();
    emulator.advance(60_000);
    const second = await provisionHastily(emulator, folders, { declaration, provesWorker: true });
    expect(second.problem).toBeUndefined();
    expect(events()).toBeGreaterThan(before);
    expect(emulator.snapshot().issues).toEqual([]);
    expect(Date.parse(second.status.provedAt ?? "")).toBeGreaterThan(Date.parse(first.status.provedAt ?? ""));
  });

  it("fails where the worker takes events and stores none, until a later run has read one back", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    await provisionHastily(emulator, folders);
    emulator.setWorker("losing");
    const lost = await provisionHastily(emulator, folders, { provesWorker: true, proofWithinMs: 60_000 });
    expect(lost.problem?.code).toBe("GC1405");
    expect(lost.status).toMatchObject({ state: "degraded", apps: { api: { dsn: "accepted" } } });
    expect((await provisionHastily(emulator, folders, { proofWithinMs: 60_000 })).problem?.code).toBe("GC1405");
    emulator.setWorker("storing");
    expect((await provisionHastily(emulator, folders)).status).toMatchObject({
      state: "ok",
      apps: { api: { dsn: "proved" } },
    });
  });

  it("proves the worker once in each run of the database, and again after a proof that failed", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    const sent = async (databaseRun: string) => {
      const before = emulator.requests.filter(({ path }) => path.includes("/events/")).length;
      const { problem } = await provisionHastily(emulator, folders, { databaseRun, proofWithinMs: 60_000 });
      return [emulator.requests.filter(({ path }) => path.includes("/events/")).length > before, problem?.code];
    };
    expect(await sent("1 image")).toEqual([true, undefined]);
    expect(await sent("1 image")).toEqual([false, undefined]);
    expect(await sent("2 image")).toEqual([true, undefined]);
    emulator.setWorker("losing");
    // Nothing tells of a worker that stopped by itself, as with Valkey.
    expect(await sent("2 image")).toEqual([false, undefined]);
    expect(await sent("3 image")).toEqual([true, "GC1405"]);
    expect(await sent("3 image")).toEqual([true, "GC1405"]);
    emulator.setWorker("storing");
    expect(await sent("3 image")).toEqual([true, undefined]);
    expect(await sent("3 image")).toEqual([false, undefined]);
  });

  it("deletes the proofs of earlier runs that the worker stored later, too", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ superuser: ADMIN, processingDelayMs: 8_000 });
    const clock = hastyClock(emulator);
    const late = await provisionOnce(emulator.url, folders, { clock, proofWithinMs: 5_000 });
    const proved = await provisionOnce(emulator.url, folders, { clock, proofWithinMs: 60_000 });
    emulator.advance(60_000);
    expect([late.status.apps.api?.dsn, proved.status.apps.api?.dsn]).toEqual(["accepted", "proved"]);
    expect(emulator.snapshot().issues).toEqual([]);
  });

  it("sends the proofs of all projects before it has done with the first: they share the worker's next batch", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    const projects = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`shop ${i}`, {}]));
    await provisionOnce(emulator.url, folders, { declaration: declare({ projects, apps: {} }) });
    const asked = emulator.requests.map(({ method, path }) => `${method} ${path}`);
    const sent = asked.filter((line) => line.includes("/envelope/"));
    expect(sent).toHaveLength(12);
    expect(asked.lastIndexOf(sent.at(-1) ?? "")).toBeLessThan(asked.findIndex((line) => line.startsWith("DELETE ")));
  });

  it("ends at the first project whose key is refused for good, without waiting for the others' proofs", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ superuser: ADMIN, worker: false });
    emulator.fault({
      path: /\/api\/2\/envelope/,
      times: 2,
      effect: { kind: "answer", status: 400, body: { detail: "no" } },
    });
    const declaration = declare({ projects: { one: {}, two: {}, three: {} }, apps: {} });
    await expect(provisionOnce(emulator.url, folders, { declaration, proofWithinMs: 600_000 })).rejects.toMatchObject({
      code: "GC1206",
    });
  });

  it("makes a new key where the old one was deleted, waits out the block, and proves the new DSN", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation: "5.2" });
    await provisionOnce(emulator.url, folders);
    const old = dsnOf(folders, "api");
    const headers = { authorization: `Bearer ${emulator.mintToken()}` };
    const keyId = emulator.snapshot().keys[0]?.publicKey;
    await fetch(`${emulator.url}/api/0/projects/acme/shop-api/keys/${keyId}/`, { method: "DELETE", headers });
    const outcome = await provisionOnce(emulator.url, folders, { clock: hastyClock(emulator) });
    expect(outcome.log).toContain("trying again in 31 s");
    expect(dsnOf(folders, "api")).not.toBe(old);
    expect(outcome.status.apps.api?.dsn).toBe("proved");
  });

  it("reads the address of a non-Latin name back instead of guessing it", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    const declaration = declare({ projects: { 商店: {}, 仓库: {} }, apps: { api: { project: "仓库" } } });
    const outcome = await provisionOnce(emulator.url, folders, { declaration });
    const project = emulator.snapshot().projects.find(({ name }) => name === "仓库");
    expect(outcome.status.apps.api).toMatchObject({ project: project?.slug, projectId: String(project?.id) });
  });

  it("says what answered when the server never gets ready", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ superuser: ADMIN, database: "empty" });
    await expect(
      provisionOnce(emulator.url, folders, { clock: hastyClock(), readyWithinMs: 60_000 }),
    ).rejects.toMatchObject({ code: "GC1203", message: expect.stringMatching(/within 6\d s; last: .*500/) });
  });

  it("fails at once on a redirect, and soon on pages of another product", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ superuser: ADMIN });
    emulator.fault({
      path: /settings/,
      times: 9,
      effect: { kind: "redirect", location: "https://errors.example.com/api/settings/" },
    });
    await expect(provisionOnce(emulator.url, folders)).rejects.toMatchObject({
      code: "GC1204",
      message: expect.stringContaining("https://errors.example.com/api/settings/"),
    });
    emulator.clearFaults();
    emulator.fault({ path: /settings/, times: 9, effect: { kind: "html" } });
    await expect(provisionOnce(emulator.url, folders, { clock: hastyClock() })).rejects.toMatchObject({
      code: "GC1202",
    });
  });

  it("explains a closed creation of organizations", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ superuser: ADMIN });
    emulator.fault({
      method: "POST",
      path: /organizations\/$/,
      effect: { kind: "answer", status: 403, body: { detail: "Organization creation is not open" } },
    });
    await expect(provisionOnce(emulator.url, folders)).rejects.toMatchObject({
      code: "GC1402",
      message: "the organization cannot be created: Organization creation is not open",
    });
  });
});
