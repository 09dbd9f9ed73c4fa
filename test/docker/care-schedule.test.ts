import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseDsn } from "../../src/glitchtip/dsn.ts";
import { QUEUE_TABLES } from "../../src/running/backlog.ts";
import { describeOnEngine } from "./support/engine.ts";
import { killAsTheKernel, postEvent } from "./support/event-flow.ts";
import { postgresErrors } from "./support/postgres-errors.ts";
import { openServer, readEvent, storedState } from "./support/server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const SCHEDULED = 'care: { everySeconds: 5, restart: { schedule: "* * * * *" } }\n';

describeOnEngine("a stack of generation 5.2 without Valkey, with care.restart.schedule", () => {
  let stack: Stack;
  const cli = (...args: string[]) => stack.project.cli(args);
  const sql = (text: string, application = "psql") =>
    stack.exec(
      "glitchtip-db",
      "env",
      `PGAPPNAME=${application}`,
      "psql",
      "-U",
      "glitchtip",
      "-d",
      "glitchtip",
      "-v",
      "ON_ERROR_STOP=1",
      "-Atc",
      text,
    );
  const found = async (event: string) => {
    const { findings } = JSON.parse((await cli("care", "run", "--json")).stdout);
    return findings.find((one: { event: string }) => one.event === event);
  };

  beforeAll(async () => {
    stack = await Stack.sample("--image", "glitchtip/glitchtip:5.2.1", "--valkey", "off");
    await stack.up();
  }, 300_000);
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("status, doctor, verify and care leave no error in Postgres's log", async () => {
    for (const words of [["status"], ["doctor"], ["verify"], ["care", "run"]]) await cli(...words);
    expect(await postgresErrors(stack.project)).toEqual([]);
  });

  it("sends one event after each start of the database, and none at a further up", async () => {
    const proofs = async () => {
      await stack.up();
      return (await stack.logs("glitchtip-provision")).split("an event went through server and worker").length - 1;
    };
    expect(await proofs()).toBe(1);
    await stack.compose(["restart", "glitchtip-db"]);
    expect(await proofs()).toBe(2);
    expect(await proofs()).toBe(2);
  }, 120_000);

  it("tells of a worker that outlived its database, and up restarts it and has an event read back", async () => {
    const dsn = parseDsn((await stack.variable("app", "SENTRY_DSN")) ?? "");
    if (dsn === undefined) throw new Error("no DSN");
    const accepted: string[] = [];
    const send = async (count: number) => {
      const wanted = accepted.length + count;
      await until(`${wanted} events are accepted`, async () => {
        const id = randomUUID().replaceAll("-", "");
        if ((await postEvent(stack, dsn, id).catch(() => 0)) === 200) accepted.push(id);
        return accepted.length >= wanted ? true : undefined;
      });
    };
    await send(8);
    await Promise.all([killAsTheKernel(stack, "glitchtip-db"), send(8)]);
    await send(8);
    const told = "the worker was started before its database and may store no events any more";
    for (const command of ["status", "doctor"]) {
      expect(await cli(command)).toMatchObject({ code: 1, stdout: expect.stringContaining(told) });
    }
    const up = await cli("up");
    expect(up).toMatchObject({ code: 0, stderr: expect.stringContaining(`${told}; restarting it`) });
    await send(1);
    await readEvent(stack, "app", accepted.at(-1) ?? "");
    expect((await cli("status")).code).toBe(0);
    // What a real 5.2 loses without Valkey is lost here, too: a test of ours can be red.
    const server = await openServer(stack);
    const { organization } = await storedState(stack);
    const stored = await Promise.all(
      accepted.map((id) => server.event(organization.slug, "app", id).catch(() => undefined)),
    );
    expect(stored.filter((event) => event === undefined).length).toBeGreaterThan(0);
    expect((await sql("select count(*) > 20 from kombu_message where not visible")).stdout.trim()).toBe("t");
  }, 240_000);

  it("restarts web and worker when the time has come, both of which go on", async () => {
    stack.write("glitchtip.yaml", `${stack.read("glitchtip.yaml")}${SCHEDULED}`);
    await stack.init();
    await stack.up();
    const report = await until(
      "a scheduled restart",
      async () => {
        const { restarts } = JSON.parse((await cli("care", "report", "--json")).stdout);
        return restarts.find(({ reason }: { reason: string }) => reason === "schedule");
      },
      180_000,
    );
    expect(report).toMatchObject({ ok: true, services: [{ service: "glitchtip" }, { service: "glitchtip-worker" }] });
    expect((await cli("verify")).code).toBe(0);
    expect((await cli("care", "report")).stdout).toMatch(/restarted as scheduled\n {2}glitchtip: pid \d+ → \d+/);
  }, 240_000);

  it("does not restart while a backup is running", async () => {
    const dump = sql("select pg_sleep(15)", "pg_dump");
    await until("it is at work", async () =>
      (await sql("select count(*) from pg_stat_activity where application_name = 'pg_dump'")).stdout.trim() === "1"
        ? true
        : undefined,
    );
    const ended = await cli("care", "restart");
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining("not restarted: a backup is running") });
    await dump;
  }, 60_000);

  it("finds a queue that only grows, as Celery keeps it in Postgres", async () => {
    expect((await found("queue-stuck"))?.problem).toBeUndefined();
    await stack.compose(["stop", "glitchtip-worker"]);
    await sql(`update kombu_message set "timestamp" = (now() at time zone 'utc') - interval '1 hour';
      insert into kombu_message select 1000000 + n, true, null, '{}', 1, 1 from generate_series(1, 2) n`);
    expect((await found("queue-stuck")).problem).toBe("2 jobs wait, none was taken for 60 minutes");
    await sql(`update kombu_message set visible = false, "timestamp" = now() at time zone 'utc' where id = 1000001`);
    // Those that were taken more than a day ago go, with the contents of their events.
    await sql(`update kombu_message set "timestamp" = "timestamp" - interval '2 days' where id = 1000001 or id < 3;
      insert into kombu_message values (2000000, false, now() at time zone 'utc', '{}', 1, 1)`);
    await found("queue-stuck");
    expect((await sql("select count(*) from kombu_message where id = 1000001 or id < 3")).stdout.trim()).toBe("0");
    await sql("delete from kombu_message where visible");
    await stack.compose(["start", "glitchtip-worker"]);
    expect((await found("queue-stuck")).problem).toBeUndefined();
  }, 60_000);

  it("counts what waits as generation 6 keeps it in Postgres, also with the column that later ones have", async () => {
    const waiting = async () => (await sql(QUEUE_TABLES.vtasks.query)).stdout.trim();
    await sql(`create table db_queuedtask (id uuid primary key default gen_random_uuid(), status text, created_at timestamptz);
      insert into db_queuedtask (status, created_at) values ('QUEUED', now() - interval '1 hour'), ('QUEUED', now()),
        ('PROCESSING', now() - interval '1 day'), ('FAILED', now() - interval '1 day')`);
    expect(await waiting()).toMatch(/^2\|36\d{5}$/);
    await sql(`alter table db_queuedtask add run_after timestamptz;
      insert into db_queuedtask (status, created_at, run_after) values ('QUEUED', now() - interval '1 day', now() + interval '1 day')`);
    expect(await waiting()).toMatch(/^2\|36\d{5}$/);
  }, 60_000);

  it("finds a table without a partition for tomorrow, and one that was not dropped", async () => {
    expect((await found("partitions-failed")).problem).toBeUndefined();
    await sql(`create table issue_events (created timestamptz) partition by range (created);
      create table issue_events_old partition of issue_events for values from ('2020-01-01') to ('2020-01-02')`);
    const { problem } = await found("partitions-failed");
    expect(problem).toContain("issue_events has partitions until 2020-01-02 only: none for tomorrow");
    expect(problem).toContain("still has a partition that ended on 2020-01-02");
    expect((await cli("care", "run")).code).toBe(1);
  }, 60_000);
});
