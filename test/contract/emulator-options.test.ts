import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { startEmulator } from "../../src/emulator/index.ts";
import { asking, EVENT_ID, makeShop, sendEvent } from "./asking.ts";
import { ADMIN } from "./player.ts";

const EVENT = `/api/0/projects/acme/shop/events/${EVENT_ID}/`;

describe("an emulator", () => {
  it("has no tables before the migrations, and its superuser afterwards", async () => {
    await using emulator = await startEmulator({ database: "empty", superuser: ADMIN });
    const status = async (path: string) => (await fetch(emulator.url + path)).status;
    expect([await status("/_health/"), await status("/api/settings/")]).toEqual([200, 500]);
    emulator.migrate();
    expect(await status("/api/settings/")).toBe(200);
    expect(emulator.mintToken()).toMatch(/^[0-9a-f]{64}$/);
  });

  it("accepts events that never become readable, if it has no worker", async () => {
    await using emulator = await startEmulator({ worker: false, superuser: ADMIN });
    const ask = asking(emulator);
    expect((await sendEvent(ask, await makeShop(ask), "lost")).status).toBe(200);
    emulator.advance(3_600_000);
    expect((await ask("GET", EVENT)).status).toBe(404);
    expect(emulator.snapshot()).toMatchObject({ events: [], pendingEvents: 1 });
  });

  it("serves a limited number of requests at once, if it is slow", async () => {
    await using emulator = await startEmulator({ slow: { serviceMs: 40, distanceMs: 40 } });
    const start = performance.now();
    const times = await Promise.all(
      Array.from({ length: 6 }, async () => {
        await (await fetch(`${emulator.url}/api/settings/`)).text();
        return performance.now() - start;
      }),
    );
    // Three rounds of two, plus the latency. These are lower bounds, since the machine may be busy.
    expect(Math.min(...times)).toBeGreaterThanOrEqual(78);
    expect(Math.max(...times)).toBeGreaterThanOrEqual(156);
  });

  it("starts with the projects and alerts of its seed", async () => {
    await using emulator = await startEmulator({ superuser: ADMIN, seed: { projects: 120, alertsPerProject: 2 } });
    const ask = asking(emulator);
    expect((await ask("GET", "/api/0/organizations/acme/projects/?limit=100")).body).toHaveLength(100);
    const { body } = await ask("GET", "/api/0/projects/acme/project-00120/alerts/");
    expect(body).toMatchObject([
      {
        name: "alert-2",
        timespanMinutes: 20,
        quantity: 200,
        alertRecipients: [
          { recipientType: "email" },
          { recipientType: "webhook", url: "https://hooks.example.com/project-00120/2" },
        ],
      },
      { name: "alert-1" },
    ]);
    expect(emulator.snapshot().alerts).toHaveLength(240);
  });

  it("accepts compressed envelopes", async () => {
    await using emulator = await startEmulator({ superuser: ADMIN, processingDelayMs: 0 });
    const ask = asking(emulator);
    const key = await makeShop(ask);
    const lines = [{ event_id: EVENT_ID }, { type: "event" }, { message: "zipped" }];
    const body = gzipSync(lines.map((line) => JSON.stringify(line)).join("\n"));
    const headers = { "content-encoding": "gzip", "x-sentry-auth": `Sentry sentry_key=${key}` };
    const sent = await fetch(`${emulator.url}/api/1/envelope/`, { method: "POST", headers, body });
    expect(sent.status).toBe(200);
    expect((await ask("GET", EVENT)).body).toMatchObject({ title: "zipped" });
  });

  it("answers Retry-After to events of a throttled project", async () => {
    await using emulator = await startEmulator({ superuser: ADMIN });
    const ask = asking(emulator);
    const key = await makeShop(ask);
    await ask("PUT", "/api/0/projects/acme/shop/", { name: "Shop", eventThrottleRate: 100 });
    const { status, headers } = await sendEvent(ask, key, "x");
    expect([status, headers.get("retry-after")]).toEqual([429, "600"]);
  });

  it("resolves an issue, reopens it on the next event, and deletes it with its events", async () => {
    await using emulator = await startEmulator({ superuser: ADMIN, generation: "5.2" });
    const ask = asking(emulator);
    const key = await makeShop(ask);
    const statuses = () => emulator.snapshot().issues.map((issue) => [issue.status, issue.count]);
    await sendEvent(ask, key, "boom");
    emulator.advance(1_000);
    expect((await ask("PUT", "/api/0/issues/1/", { status: "resolved" })).status).toBe(200);
    expect(statuses()).toEqual([["resolved", 1]]);
    await sendEvent(ask, key, "boom", "22222222222242228222222222222222");
    emulator.advance(1_000);
    expect(statuses()).toEqual([["unresolved", 2]]);
    expect((await ask("DELETE", "/api/0/issues/1/")).status).toBe(204);
    expect((await ask("GET", "/api/0/organizations/acme/issues/")).body).toEqual([]);
    emulator.advance(1_000);
    expect((await ask("GET", EVENT)).status).toBe(404);
  });

  it("updates an issue by the path below its organization only, in 4.1", async () => {
    await using emulator = await startEmulator({ superuser: ADMIN, generation: "4.1", processingDelayMs: 0 });
    const ask = asking(emulator);
    await sendEvent(ask, await makeShop(ask), "boom");
    expect((await ask("PUT", "/api/0/issues/1/", { status: "resolved" })).status).toBe(405);
    expect((await ask("PUT", "/api/0/organizations/acme/issues/1/", { status: "resolved" })).status).toBe(200);
  });

  it("falls back from a bad token to the session, whose CSRF check answers", async () => {
    await using emulator = await startEmulator({ superuser: ADMIN });
    const ask = asking(emulator);
    const bad = { authorization: `Bearer ${"0".repeat(64)}` };
    expect((await ask("GET", "/api/0/organizations/", undefined, bad)).status).toBe(401);
    expect(await ask("POST", "/api/0/organizations/", { name: "X" }, bad)).toMatchObject({
      status: 403,
      body: { detail: "CSRF check Failed" },
    });
  });

  it("refuses hosts that are not in ALLOWED_HOSTS", async () => {
    await using emulator = await startEmulator({ allowedHosts: ["glitchtip"] });
    expect((await fetch(`${emulator.url}/_health/`)).status).toBe(400);
    await using dotted = await startEmulator({ allowedHosts: [".0.0.1"] });
    expect((await fetch(`${dotted.url}/_health/`)).status).toBe(200);
  });

  it.each([
    { generation: "5.2", status: 403 },
    { generation: "5.2", trustedOrigins: ["https://errors.example.com"], status: 200 },
    { generation: "6", status: 200 },
    { generation: "6", trustedOrigins: ["https://other.example.com"], status: 403 },
  ] as const)(
    "as $generation with CSRF_TRUSTED_ORIGINS $trustedOrigins answers a sign-in from its public address with $status",
    async ({ status, ...options }) => {
      const domain = "https://errors.example.com";
      await using emulator = await startEmulator({ ...options, domain, superuser: ADMIN });
      const config = await fetch(`${emulator.url}/_allauth/browser/v1/config`);
      const token = /csrftoken=(\w+)/.exec(config.headers.get("set-cookie") ?? "")?.[1] ?? "";
      const answer = await fetch(`${emulator.url}/_allauth/browser/v1/auth/login`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          cookie: `csrftoken=${token}`,
          "x-csrftoken": token,
          origin: domain,
        },
        body: JSON.stringify(ADMIN),
      });
      expect(answer.status).toBe(status);
    },
  );

  it.each([
    { generation: "5.2", prefix: "/gt" },
    { generation: "5.1", prefix: "" },
  ] as const)("as $generation puts “$prefix” before the paths of its links with BASE_PATH", async (one) => {
    await using emulator = await startEmulator({ generation: one.generation, basePath: "/gt", superuser: ADMIN });
    const ask = asking(emulator);
    await makeShop(ask);
    const { headers } = await fetch(`${emulator.url}/api/0/projects/acme/shop/keys/`, {
      headers: { authorization: `Bearer ${emulator.mintToken()}` },
    });
    expect(headers.get("link")).toContain(`<${emulator.url}${one.prefix}/api/0/projects/acme/shop/keys/>`);
    const { status, headers: moved } = await fetch(`${emulator.url}/api/0/organizations`, { redirect: "manual" });
    expect([status, moved.get("location")]).toEqual([301, `${one.prefix}/api/0/organizations/`]);
  });

  it("records requests without their keys, or not at all", async () => {
    await using emulator = await startEmulator();
    await fetch(`${emulator.url}/api/1/envelope/?sentry_key=secret&x=1`, { method: "POST" });
    expect(emulator.requests).toEqual([{ method: "POST", path: "/api/1/envelope/?sentry_key=…&x=1", status: 403 }]);
    await using silent = await startEmulator({ requestLog: false });
    await fetch(`${silent.url}/_health/`);
    expect(silent.requests).toEqual([]);
  });

  it("pages through 205 projects in both directions without losing one", async () => {
    await using emulator = await startEmulator({ superuser: ADMIN });
    const ask = asking(emulator);
    await makeShop(ask);
    // There are ten different names, so that equal names span the borders of pages.
    for (let i = 0; i < 204; i++) await ask("POST", "/api/0/teams/acme/backend/projects/", { name: `p${i % 10}` });
    const walk = async (rel: string, from: string) => {
      const pages: string[][] = [];
      for (let cursor: string | undefined = from; cursor !== undefined; ) {
        const { body, headers } = await ask("GET", `/api/0/projects/?limit=20&cursor=${encodeURIComponent(cursor)}`);
        pages.push((body as { id: string }[]).map(({ id }) => id));
        cursor = new RegExp(`rel="${rel}"; results="true"; cursor="([^"]+)"`).exec(headers.get("link") ?? "")?.[1];
      }
      return pages;
    };
    const forth = await walk("next", "");
    expect(new Set(forth.flat()).size).toBe(205);
    const { headers } = await ask("GET", "/api/0/projects/?limit=20");
    expect(headers.get("x-hits")).toBe("205");
    expect(headers.get("link")).toMatch(/^\{'<.*>; rel="previous"; results="false", <.*>; rel="next"; results="true"/);
    const second = /rel="next"; results="true"; cursor="([^"]+)"/.exec(headers.get("link") ?? "")?.[1] ?? "";
    const back = await walk("previous", second);
    expect(back.at(-1)).toEqual(forth[0]);
  });
});
