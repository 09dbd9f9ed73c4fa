import { afterAll, beforeAll, expect, it } from "vitest";
import { backupsOf, type Data, expectSameContent, stackWithData } from "./support/backup.ts";
import { describeOnEngine } from "./support/engine.ts";
import { readEvent } from "./support/server.ts";
import { removeBuilt, type Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const SINGLE = ["--topology", "single-container"];

describeOnEngine("a stack in a single container", () => {
  let stack: Stack;
  let data: Omit<Data, "stack">;
  const cli = async (...args: string[]) => await stack.project.cli(args);
  const inside = async (command: string) => (await stack.exec("glitchtip", "sh", "-c", command)).stdout;

  beforeAll(async () => {
    ({ stack, ...data } = await stackWithData(...SINGLE));
  });
  afterAll(() => removeBuilt(stack));

  it("is one server, the provisioner and the app, and delivers the app's event", async () => {
    expect(await stack.compose(["config", "-q"])).toMatchObject({ code: 0, stderr: "" });
    expect([...(await stack.containers()).keys()].sort()).toEqual([
      "app",
      "glitchtip",
      "glitchtip-provision",
      "glitchtip-setup",
    ]);
    expect((await readEvent(stack, "app", data.eventId)).title).toContain("Something broke");
    expect((await cli("verify")).code).toBe(0);
    expect((await cli("status")).code).toBe(0);
    expect((await cli("doctor")).code).toBe(0);
  });

  it("is reached by its web port alone, and nothing docker shows holds a secret", async () => {
    const { NetworkSettings } = await stack.container("glitchtip");
    const published = Object.entries(NetworkSettings.Ports).filter(([, bindings]) => bindings !== null);
    expect(published.map(([port, bindings]) => [port, bindings?.[0]?.HostIp])).toEqual([["8000/tcp", "127.0.0.1"]]);
    const shown = [
      (await stack.project.docker(["inspect", `${stack.name}-glitchtip-1`])).stdout,
      await stack.logs("glitchtip"),
    ].join("\n");
    for (const name of ["db_password", "secret_key", "admin_password"]) {
      expect(shown).not.toContain(await stack.secret(name));
    }
  });

  it("psql, manage, shell and migrate work inside it", async () => {
    expect(await cli("psql", "-Atc", "SELECT current_user, current_database()")).toMatchObject({
      code: 0,
      stdout: "glitchtip|glitchtip\n",
    });
    expect(await cli("manage", "check")).toMatchObject({ code: 0, stdout: expect.stringContaining("no issues") });
    expect(await cli("shell", "db", "sh", "-c", "exit 5")).toMatchObject({ code: 5 });
    expect(await cli("migrate")).toMatchObject({ code: 0, stdout: "there was nothing to migrate\n" });
    expect(await cli("redis-cli", "ping")).toMatchObject({ code: 2, stderr: expect.stringContaining("no Valkey") });
  });

  it("logs tells its programs apart", async () => {
    const { stdout } = await cli("logs", "worker", "--json", "--tail", "all");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { program: string; text: string });
    expect(new Set(lines.map(({ program }) => program))).toEqual(new Set(["worker"]));
    expect(lines.map(({ text }) => text)).toContain("worker ready");
    expect((await cli("logs", "db")).stdout).toMatch(/ postgres +\| .*database system is ready to accept connections/);
  });

  it("restart restarts the named program and leaves the container alone", async () => {
    const { State } = await stack.container("glitchtip");
    const pid = (name: string) => inside(`s6-svstat -o pid /run/glitchtip-compose/service/${name}`);
    const before = [await pid("web"), await pid("worker"), await pid("postgres")];
    expect((await cli("restart", "worker")).code).toBe(0);
    expect([await pid("web"), await pid("postgres")]).toEqual([before[0], before[2]]);
    expect(await pid("worker")).not.toBe(before[1]);
    expect(JSON.parse((await cli("restart", "db", "--dry-run", "--json")).stdout).services).toEqual([
      "postgres",
      "worker",
      "web",
    ]);
    expect((await cli("restart", "db")).code).toBe(0);
    expect((await stack.container("glitchtip")).State.StartedAt).toBe(State.StartedAt);
    expect((await cli("verify")).code).toBe(0);
  });

  it("is as before after down and up: same DSN, same event", async () => {
    await stack.compose(["down", "-t", "10"]);
    await stack.up();
    expect(await inside("cat /data/logs/postgres/current")).not.toMatch(/not properly shut down/);
    await expectSameContent(stack, data);
  });

  it("backup and restore bring events, uploads and DSNs back", async () => {
    expect(await cli("backup", "create")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("trial restore: passed"),
    });
    await stack.app("/error");
    await inside("rm -r /code/uploads/a; echo new >/code/uploads/later");
    const done = await cli("restore", "latest", "--confirm", stack.name);
    expect(done.code, done.stderr).toBe(0);
    expect(backupsOf(stack)).toHaveLength(2);
    await expectSameContent(stack, data);
  });

  it("while it is held for a restore, a restart of the container starts the database alone", async () => {
    expect(await inside("programs hold && health")).toContain("held: only the database runs");
    await stack.compose(["restart", "--no-deps", "glitchtip"]);
    await until("the database is up again", async () =>
      (await cli("psql", "-Atc", "SELECT 1")).stdout === "1\n" ? true : undefined,
    );
    expect(await inside("cat /run/glitchtip-compose/programs")).toBe("postgres\n");
    await inside("programs release");
    await stack.compose(["restart", "--no-deps", "glitchtip"]);
    await stack.up();
    expect((await cli("verify")).code).toBe(0);
  });

  it("a server that ends for good shows in up, and the app starts with its last DSN", async () => {
    // A broken migration: its exit code is the container's.
    const broken =
      "services: { glitchtip: { environment: { GLITCHTIP_VERSION: other }, restart: 'no', volumes: ['./fail:/code/bin/run-migrate.sh:ro'] } }";
    stack.write("fail", "#!/bin/sh\necho no such column >&2\nexit 3\n");
    await stack.project.docker([
      "run",
      "--rm",
      "-v",
      `${stack.project.dir}:/dir`,
      "busybox:1",
      "chmod",
      "755",
      "/dir/fail",
    ]);
    stack.override(`${broken}\n`);
    await stack.up({ ends: 1 });
    expect((await stack.container("glitchtip")).State).toMatchObject({ Status: "exited", ExitCode: 1 });
    expect(await stack.logs("glitchtip")).toContain("migrations or the first account failed");
    expect((await stack.answeringApp()).reporting).toBe(true);
    stack.override();
    await stack.up();
    expect((await cli("verify")).code).toBe(0);
  });
});

describeOnEngine("a single container of an older GlitchTip", () => {
  let data: Data;
  beforeAll(async () => {
    data = await stackWithData(...SINGLE, "--image", "glitchtip/glitchtip:v5.1.1");
  });
  afterAll(() => removeBuilt(data?.stack));

  it("runs 5.1 with its Valkey inside, which throws nothing away", async () => {
    const { stack } = data;
    const { stdout } = await stack.exec("glitchtip", "health");
    expect(stdout).toMatch(/^valkey: ok\npostgres: ok\ninit: ok\nweb: ok\nworker: ok\n/);
    const asked = await stack.project.cli(["redis-cli", "config", "get", "maxmemory-policy"]);
    expect(asked.stdout).toContain("noeviction");
  });

  it("is upgraded to 6 and taken back with its data and its DSN", async () => {
    const { stack } = data;
    const upgraded = await stack.project.cli(["upgrade", "--to", "6", "--yes"]);
    expect(upgraded.code, upgraded.stderr).toBe(0);
    expect((await stack.exec("glitchtip", "printenv", "GLITCHTIP_VERSION")).stdout).toBe("6.2.6\n");
    await expectSameContent(stack, data);
    const back = await stack.project.cli(["rollback", "--confirm", stack.name]);
    expect(back.code, back.stderr).toBe(0);
    expect((await stack.exec("glitchtip", "printenv", "GLITCHTIP_VERSION")).stdout).toBe("5.1.1\n");
    await expectSameContent(stack, data);
  });
});
