import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { acquireAdvisoryLocks } from "../../../src/service/advisory-lock.ts";
import { createTables } from "../../../src/service/store-postgres.ts";
import { hasPostgres, noPostgres, startPostgres } from "../../support/postgres.ts";
import { type QueueServer, serverText, startService } from "../../support/service.ts";

const [A, B] = ["https://a.example.com", "https://b.example.com/errors"] as const;

describe.skipIf(!hasPostgres)(`the lock of a server in Postgres${noPostgres}`, () => {
  let queue: QueueServer;
  beforeAll(async () => {
    queue = await startPostgres();
    const pool = new pg.Pool({ connectionString: queue.url });
    const client = await pool.connect();
    await createTables(client).finally(() => client.release());
    await pool.end();
  });
  afterAll(() => queue?.[Symbol.asyncDispose]());
  const acquire = (run: string, ...urls: readonly string[]) =>
    acquireAdvisoryLocks({ connectionString: queue.url, query_timeout: 3_000 }, run, urls);

  it("is held by one run, whatever the servers beside it and however the address is written", async () => {
    const first = await acquire("run-1", A);
    expect(first).toBeDefined();
    expect(await acquire("run-2", B, `${A}/`)).toBeUndefined();
    expect(await acquire("run-3", "https://A.example.com:443")).toBeUndefined();
    // A run that gets not all of its locks holds none of them.
    await using second = await acquire("run-4", B);
    expect(second).toBeDefined();
    await expect(second?.check(A)).rejects.toMatchObject({ code: "GC2008" });
    await first?.[Symbol.asyncDispose]();
    await using third = await acquire("run-5", A);
    await expect(third?.check(A)).resolves.toBeUndefined();
  });

  it("passes to the worker that takes a run over, and the worker before writes nothing more", async () => {
    const before = await acquire("run-1", A);
    await expect(before?.check(A)).resolves.toBeUndefined();
    await using after = await acquire("run-1", A);
    await expect(before?.check(A)).rejects.toMatchObject({ code: "GC2008" });
    await before?.[Symbol.asyncDispose]();
    await expect(after?.check(A)).resolves.toBeUndefined();
  });

  it("is lost where the engine is away, also once it is there again", async () => {
    const held = await acquire("run-1", A);
    await queue.kill();
    await expect(held?.check(A)).rejects.toMatchObject({ code: "GC2008" });
    await queue.start();
    await expect(held?.check(A)).rejects.toMatchObject({ code: "GC2008" });
    // The run has not ended: what it has sent may still be executed.
    expect(await acquire("run-2", A)).toBeUndefined();
    await held?.[Symbol.asyncDispose]();
    await using again = await acquire("run-2", A);
    await expect(again?.check(A)).resolves.toBeUndefined();
  });

  it("is left to the next attempt of the run, and to no other run", async () => {
    const first = await acquire("run-1", A);
    first?.leave();
    await first?.[Symbol.asyncDispose]();
    expect(await acquire("run-2", A, B)).toBeUndefined();
    await using other = await acquire("run-3", B);
    await expect(other?.check(B)).resolves.toBeUndefined();
    await using again = await acquire("run-1", A);
    await expect(again?.check(A)).resolves.toBeUndefined();
  });
});

describe.skipIf(!hasPostgres)(`the service with its queue in Postgres${noPostgres}`, () => {
  it("does all that it does with a Valkey, also after a worker and the database were killed", async () => {
    await using service = await startService(["one"], startPostgres);
    const emulator = service.emulators.one;
    const { url } = emulator ?? { url: "" };
    const api = await service.start("--api", "--watch");
    const token = await service.token("--scope", "plan", "--scope", "apply");
    const first = await service.start("--worker", "1");
    const result = async (id: string) => (await api.ask("GET", `/api/v1/runs/${id}?timeout=60`, token)).body;

    const planned = await api.ask("POST", "/api/v1/plan", token, { servers: ["one"] });
    expect(planned).toMatchObject({ status: 202, body: { status: "pending" } });
    expect(await result(planned.body.id)).toMatchObject({ status: "success", report: { actions: [{}, {}] } });
    // Answered from what was read a moment ago.
    const calls = emulator?.requests.length;
    const again = await api.ask("POST", "/api/v1/plan", token, { servers: ["one"] });
    expect(await result(again.body.id)).toMatchObject({ status: "success", report: { actions: [{}, {}] } });
    expect(emulator?.requests.length).toBe(calls);
    expect((await api.ask("GET", "/api/v1/servers", token)).body.servers).toMatchObject([
      { status: "drift", drift: 2 },
    ]);

    emulator?.fault({ method: "POST", path: /alerts/, times: 1, effect: { kind: "delay", delayMs: 1_500 } });
    const posts = await Promise.all(
      Array.from({ length: 5 }, () => api.ask("POST", "/api/v1/apply", token, { servers: ["one"] })),
    );
    const states = posts.map(({ body }) => body.status).toSorted();
    expect(states).toEqual(["pending", "skipped", "skipped", "skipped", "skipped"]);
    while (!emulator?.requests.some(({ method }) => method === "POST")) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    first.cli.kill("SIGKILL");
    await first.cli.ended;
    await service.start("--worker", "1");
    const { id } = posts.find(({ body }) => body.status === "pending")?.body ?? {};
    expect(await result(id)).toMatchObject({ status: "success", report: { errors: [] } });
    expect(emulator?.snapshot().alerts).toMatchObject([{ name: "errors" }]);

    await service.queue.kill();
    expect(await api.ask("POST", "/api/v1/plan", token, {})).toMatchObject({ status: 503, body: { code: "GC2007" } });
    await service.queue.start();
    // The watch follows its file with the database that is there again.
    service.declare("one.yaml", serverText("one", url, "alert-2"));
    const drift = async () => (await api.ask("GET", "/api/v1/servers", token)).body.servers?.[0]?.drift;
    while ((await drift()) !== 2) await new Promise((resolve) => setTimeout(resolve, 100));

    const kept = service.queue.dump();
    expect(kept).toContain("glitchtip-compose.alert.delete");
    expect(kept).not.toContain(service.folders.env.TOKEN_ONE);
    expect(kept).not.toContain(token);
    expect((await api.ask("GET", "/metrics")).body).toContain(
      'glitchtip_compose_queue_runs{queue="plan",state="active"} 0',
    );
    api.cli.kill("SIGTERM");
    expect((await api.cli.ended).code).toBe(0);
  }, 120_000);
});
