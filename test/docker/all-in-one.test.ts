import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { builtImage, OneContainer, removeImage } from "./support/one-container.ts";
import { until } from "./support/until.ts";

const WITH_VALKEY = ["-e", "VALKEY_URL=redis://127.0.0.1:6379/0"];
const PROGRAMS = ["valkey", "postgres", "init", "web", "worker"];

describeOnEngine("the all-in-one image", () => {
  let image: string;
  let one: OneContainer;

  beforeAll(async () => {
    image = await builtImage();
    one = new OneContainer(image);
    await one.start(...WITH_VALKEY);
    await one.healthy();
  });
  afterAll(async () => {
    await one?.[Symbol.asyncDispose]();
    if (image !== undefined) await removeImage(image);
  });

  const health = async () => {
    const { code, stdout } = await one.exec("health");
    return { code, said: stdout };
  };

  it("starts what needs another only when that one is ready", async () => {
    const log = await one.logs();
    const order = [
      "created /data/secrets/db_password",
      "postgres  | making the database",
      "database system is ready to accept connections",
      "init      |   Applying stand_in.0001_initial... OK",
      "superuser admin@localhost created",
      "web       | Listening at",
    ].map((text) => log.indexOf(text));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
  });

  it("its health check names each program and what is left of memory and disk", async () => {
    expect((await health()).said).toMatch(
      /^valkey: ok\npostgres: ok\ninit: ok\nweb: ok\nworker: ok\nmemory \d+ MB, free on \/data \d+ MB\n$/,
    );
  });

  it("nothing in it is root or has a capability", async () => {
    const { stdout } = await one.exec("sh", "-c", "cat /proc/[0-9]*/status | grep -E '^(Uid|CapEff|CapBnd)' | sort -u");
    expect(stdout.replace(/\t/g, " ").trim().split("\n")).toEqual([
      "CapBnd: 0000000000000000",
      "CapEff: 0000000000000000",
      "Uid: 5000 5000 5000 5000",
    ]);
  });

  it("every program, and whoever comes in by docker exec, has the same environment", async () => {
    const read =
      "tr '\\0' '\\n' </proc/$1/environ | grep -E '^(DATABASE|SECRET|VALKEY|GLITCHTIP|EMAIL|PORT|PG)' | sort";
    const environments = await Promise.all(
      ["postgres", "web", "worker"].map(
        async (name) => (await one.exec("sh", "-c", read, "sh", `${await one.pid(name)}`)).stdout,
      ),
    );
    const ours = (await one.exec("sh", "-c", read.replace(/^tr.*environ/, "env"))).stdout;
    expect(ours).toContain("DATABASE_PASSWORD_FILE=/data/secrets/db_password\n");
    expect(environments).toEqual([ours, ours, ours]);
    expect((await one.exec("./manage.py", "check")).code).toBe(0);
    expect((await one.exec("psql", "-Atc", "SELECT current_user")).stdout).toBe("glitchtip\n");
    expect((await one.exec("sh", "-c", "pg_dump -Fc | pg_restore --list")).stdout).toContain("glitchtip_compose init");
  });

  it("without Compose its GlitchTip's own scheduler, which makes the partitions, runs, and nothing waits for care", async () => {
    const { stdout } = await one.exec("sh", "-c", `tr '\\0' ' ' </proc/${await one.pid("worker")}/cmdline`);
    expect(stdout).toContain(" --scheduler ");
    expect((await one.exec("ls", "/run/glitchtip-care")).stdout).toBe("");
  });

  it("no secret is in what docker shows, in a command line or in the log", async () => {
    const shown = [
      (await one.docker("inspect")).stdout,
      (await one.docker("top")).stdout,
      await one.logs(),
      (await one.exec("sh", "-c", "cat /data/logs/*/current")).stdout,
    ].join("\n");
    for (const name of ["db_password", "secret_key", "admin_password"]) {
      const secret = (await one.exec("cat", `/data/secrets/${name}`)).stdout;
      expect(secret).toMatch(/^[\w-]{20,}$/);
      expect(shown).not.toContain(secret);
    }
  });

  it("Postgres knows nobody without a password, on the socket neither", async () => {
    for (const host of ["127.0.0.1", "/run/glitchtip-compose"]) {
      const { code, stderr } = await one.exec("env", "-u", "PGPASSFILE", `PGHOST=${host}`, "psql", "-wc", "SELECT 1");
      expect(code).toBe(2);
      expect(stderr).toContain("no password supplied");
    }
    const { stdout } = await one.exec("psql", "-Atc", "SELECT left(rolpassword, 14) FROM pg_authid WHERE rolcanlogin");
    expect(stdout).toBe("SCRAM-SHA-256$\n");
  });

  it.each(PROGRAMS)("%s is started again when it is killed, and the others go on", async (name) => {
    const before = await one.pid(name);
    await one.kill(name);
    await until(`${name} runs again`, async () => {
      const pid = await one.pid(name);
      return pid !== before && pid > 0 ? true : undefined;
    });
    await until("all do their work", async () => ((await health()).code === 0 ? true : undefined));
    expect(await one.logs()).toContain(`${name.padEnd(9)} | ended with signal 9; it is started again`);
    expect((await one.state()).Status).toBe("running");
  });

  it("its health check fails for a program that is stopped or hangs, and for a database that refuses GlitchTip", async () => {
    await one.exec("programs", "stop", "worker");
    expect(await health()).toMatchObject({ code: 1, said: expect.stringContaining("worker: is not running\n") });
    await one.exec("programs", "start", "worker");

    await one.kill("web", "STOP");
    expect(await health()).toMatchObject({ code: 1, said: expect.stringMatching(/^web: .*timed out/m) });
    await one.kill("web", "CONT");

    const password = (await one.exec("cat", "/data/secrets/db_password")).stdout;
    await one.exec("psql", "-c", "ALTER ROLE glitchtip PASSWORD 'another'");
    expect(await health()).toMatchObject({ code: 1, said: expect.stringContaining("password authentication failed") });
    const back = `ALTER ROLE glitchtip PASSWORD '${password}'`;
    await one.exec("env", "PGPASSWORD=another", "psql", "-c", back);
    expect(await health()).toMatchObject({ code: 0 });
  });

  it("programs restarts one of them and waits until it is ready", async () => {
    const [web, worker] = [await one.pid("web"), await one.pid("worker")];
    expect(await one.exec("programs", "restart", "web")).toMatchObject({ code: 0, stderr: "" });
    expect(await health()).toMatchObject({ code: 0 });
    expect(await one.pid("web")).not.toBe(web);
    expect(await one.pid("worker")).toBe(worker);
    expect(await one.exec("programs", "restart", "nginx")).toMatchObject({ code: 2 });
  });

  it("stops within ten seconds with its database whole, and starts again with its data", async () => {
    await one.exec("psql", "-c", "CREATE TABLE kept (it text); INSERT INTO kept VALUES ('still there')");
    const length = (await one.logs()).length;
    await one.docker("stop", "-t", "10");
    expect(await one.state()).toMatchObject({ Status: "exited", ExitCode: 0 });
    expect(await one.logs(length)).toContain("database system is shut down");

    await one.docker("start");
    await one.healthy();
    const again = await one.logs(length);
    expect(again).toContain("database system was shut down at");
    expect(again).not.toMatch(/not properly shut down|automatic recovery|created \/data|making the database/);
    expect((await one.exec("psql", "-Atc", "SELECT it FROM kept")).stdout).toBe("still there\n");
  });

  it("a container that is killed as a whole comes back by itself", async () => {
    const length = (await one.logs()).length;
    await one.docker("kill");
    await one.docker("start");
    await one.healthy();
    expect(await one.logs(length)).toContain("automatic recovery in progress");
    expect((await one.exec("psql", "-Atc", "SELECT it FROM kept")).stdout).toBe("still there\n");
  });

  it("a second container is kept off the data of a running one", async () => {
    const { code, stdout } = await one.once();
    expect(code).toBe(78);
    expect(stdout).toContain("another container uses this /data");
    expect(await health()).toMatchObject({ code: 0 });
  });

  it("each program's lines are kept in a file of its own", async () => {
    const { stdout } = await one.exec("sh", "-c", "cd /data/logs && ls && cat web/current");
    expect(stdout).toMatch(/^init\npostgres\nvalkey\nweb\nworker\n/);
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ +Listening at/m);
  });

  it("a program that dies again and again ends the container with its exit code", async () => {
    // The sixth may come after the fifth has ended it all.
    for (let death = 0; death < 8 && (await one.state()).Status === "running"; death += 1) {
      await one.kill("worker");
      await until("it ended or runs again", async () => {
        const { Status } = await one.state();
        return Status === "exited" || (await one.pid("worker")) > 0 ? true : undefined;
      });
    }
    expect(await one.ended()).toBe(137);
    expect(await one.logs()).toContain("worker    | ended with signal 9: it ended five times within a minute");
  });
});
