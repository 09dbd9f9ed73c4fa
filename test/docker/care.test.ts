import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { postgresErrors } from "./support/postgres-errors.ts";
import { RECEIVER, receivedBy, startCaredFor, toldOf } from "./support/receiver.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

/** Takes 420 of the 512 MiB that the worker's container has when it is started first, and little from then on. */
const HUNGRY = `
import os, time, sys
first = not os.path.exists("/tmp/was-here")
open("/tmp/was-here", "w").close()
food = bytearray(420 << 20) if first else None
for i in range(0, len(food or b""), 4096): food[i] = 1
while True:
    time.sleep(1)
    if not os.path.exists("/tmp/asleep"): open(os.environ["GLITCHTIP_CARE_ALIVE_FILE"], "w").close()
`;

describeOnEngine("a stack with care and notify", () => {
  let stack: Stack;
  const care = (...words: string[]) =>
    stack.exec("glitchtip-care", "node", "/opt/glitchtip-compose/care.mjs", ...words);
  const startedAt = async (service: string) => (await stack.container(service)).State.StartedAt;

  beforeAll(async () => {
    stack = await Stack.sample("--topology", "split");
    await startCaredFor(stack, "{ everySeconds: 5, restart: { memoryPercent: 80 } }");
  }, 300_000);
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("has no Docker socket, and no capability", async () => {
    const { HostConfig } = await stack.container("glitchtip-care");
    expect(JSON.stringify(HostConfig)).not.toContain("docker.sock");
    const { stdout } = await stack.exec("glitchtip-care", "grep", "CapEff", "/proc/self/status");
    expect(stdout).toMatch(/0000000000000000/);
  });

  it("restarts web and worker when asked, in their containers, and reports PIDs, times and memory", async () => {
    const before = [await startedAt("glitchtip"), await startedAt("glitchtip-worker")];
    const ended = await care("restart");
    expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code: 0 });
    const report = JSON.parse(ended.stdout);
    expect(report).toMatchObject({ reason: "asked", ok: true, checksBefore: [{ what: "Postgres" }] });
    expect(report.services.map(({ service }: { service: string }) => service)).toEqual([
      "glitchtip",
      "glitchtip-worker",
    ]);
    for (const one of report.services) {
      expect(one.pidAfter).not.toBe(one.pidBefore);
      expect(one).toMatchObject({ killed: false, memoryLimit: 512 * 1_048_576 });
      expect(one.memoryBefore).toBeGreaterThan(1_000_000);
    }
    expect([await startedAt("glitchtip"), await startedAt("glitchtip-worker")]).toEqual(before);
    expect((await stack.app<{ eventId: string }>("/error"))?.eventId).toBeDefined();
  });

  it("asks only tables that are there: no round leaves an error in Postgres's log", async () => {
    expect(await postgresErrors(stack.project)).toEqual([]);
  });

  it("tells of it: the project in it, in each channel's own form, and no secret", async () => {
    expect(await toldOf(stack, "restart-done", "done")).toMatchObject({
      instance: stack.name,
      title: "restarted as asked for",
      lines: expect.arrayContaining([expect.stringMatching(/^glitchtip: pid \d+ → \d+, stopped in/)]),
    });
    const card = (await receivedBy(stack)).find(({ path }) => path === "/card")?.body as { card: { schema: string } };
    expect(card.card.schema).toBe("2.0");
    const said = JSON.stringify(await receivedBy(stack)) + (await stack.logs("glitchtip-care"));
    for (const name of ["db_password", "admin_password", "secret_key"]) {
      expect(said).not.toContain(await stack.secret(name));
    }
  });

  it("passes TERM on: a stop takes no longer than the process needs, and nothing is killed", async () => {
    await stack.compose(["stop", "glitchtip"]);
    expect((await stack.container("glitchtip")).State.ExitCode).toBe(0);
    await stack.compose(["start", "glitchtip"]);
    await stack.up();
  });

  it("does not restart while Postgres is down, and says so", async () => {
    await stack.compose(["stop", "-t", "2", "glitchtip-db"]);
    const before = (await receivedBy(stack)).length;
    const ended = await care("restart");
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      ok: false,
      services: [],
      skipped: expect.stringMatching(/^Postgres is not well/),
    });
    expect(await toldOf(stack, "restart-failed", "failed")).toMatchObject({
      title: expect.stringMatching(/^not restarted/),
    });
    await toldOf(stack, "service-unhealthy", "failed", "glitchtip-db");
    expect((await receivedBy(stack)).length).toBeGreaterThan(before);
    await stack.compose(["start", "glitchtip-db"]);
    expect(await toldOf(stack, "service-unhealthy", "over", "glitchtip-db")).toMatchObject({
      title: expect.stringContaining("all is well again"),
    });
  });

  it("does not restart while a migration is at work", async () => {
    const hold = "select pg_advisory_lock(7221902514); select pg_sleep(20);";
    const holder = stack.exec("glitchtip-db", "psql", "-U", "glitchtip", "-d", "glitchtip", "-c", hold);
    await until("it is held", async () => {
      const { stdout } = await stack.exec(
        "glitchtip-db",
        "psql",
        "-U",
        "glitchtip",
        "-d",
        "glitchtip",
        "-Atc",
        "select count(*) from pg_locks where locktype = 'advisory'",
      );
      return stdout.trim() === "1" ? true : undefined;
    });
    expect(JSON.parse((await care("restart", "glitchtip")).stdout)).toMatchObject({
      skipped: expect.stringContaining("migration"),
    });
    await holder;
  }, 120_000);

  it("restarts a process for its memory, by itself", async () => {
    const command = [
      "python",
      "-I",
      "-S",
      "/opt/glitchtip-compose/supervise.py",
      "glitchtip-worker",
      "python",
      "-c",
      HUNGRY,
    ];
    stack.override(
      `${RECEIVER}  glitchtip-worker:\n    command: ${JSON.stringify(command)}\n    healthcheck: { disable: true }\n`,
    );
    await stack.compose(["up", "-d", "--no-deps", "glitchtip-worker"]);
    const report = await until(
      "a restart for memory",
      async () => {
        const { restarts } = JSON.parse((await care("report")).stdout);
        return restarts.find(({ reason }: { reason: string }) => reason === "memory");
      },
      120_000,
    );
    const [worker] = report.services;
    expect(worker.service).toBe("glitchtip-worker");
    expect(worker.memoryBefore).toBeGreaterThan(400 * 1_048_576);
    expect(
      await until("it is small again", async () => {
        const { stdout } = await stack.exec("glitchtip-care", "cat", "/run/glitchtip-care/glitchtip-worker.json");
        const { memoryBytes, last } = JSON.parse(stdout);
        return last !== null && memoryBytes < 100 * 1_048_576 ? true : undefined;
      }),
    ).toBe(true);
  }, 240_000);

  it("sees a worker that takes no work", async () => {
    // What the worker of generation 6 touches while it works.
    const script = "touch /tmp/asleep; sleep 2; touch -d '10 minutes ago' /tmp/worker-alive";
    await stack.exec("glitchtip-worker", "sh", "-c", script);
    expect(await toldOf(stack, "queue-stuck", "failed")).toMatchObject({
      about: "glitchtip-worker",
      title: "the worker takes no work",
    });
  }, 240_000);
});
