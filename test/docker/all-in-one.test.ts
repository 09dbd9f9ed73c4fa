import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { builtImage, Folder, OneContainer, removeImage } from "./support/one-container.ts";
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
      "made /data/secrets/db_password",
      "postgres  | making the database",
      "database system is ready to accept connections",
      "init      |   Applying stand_in.0001_initial... OK",
      "superuser admin@localhost made",
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
    expect(again).not.toMatch(/not properly shut down|automatic recovery|made \/data|making the database/);
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

describeOnEngine("an all-in-one container that is started otherwise", () => {
  let image: string;

  beforeAll(async () => {
    image = await builtImage();
  });
  afterAll(async () => {
    if (image !== undefined) await removeImage(image);
  });

  it("passes a command on and ends with its exit code, nothing else is started", async () => {
    await using one = new OneContainer(image);
    expect(await one.once("./manage.py", "check")).toMatchObject({ code: 0, stderr: "" });
    expect(await one.once("sh", "-c", 'printf %s "$1"; exit 7', "sh", "a  b'c")).toMatchObject({
      code: 7,
      stdout: "a  b'c",
    });
    expect((await one.once("ls", "-A", "/data")).stdout).toBe("");
  });

  it("a migration that fails ends it with an exit code, at the first time and with the reason", async () => {
    using folder = new Folder();
    folder.program("migrate", "echo 'no such column: events.id'", "exit 3");
    await using one = new OneContainer(image);
    await one.start("-v", `${folder.path}/migrate:/code/bin/run-migrate.sh:ro`);
    expect(await one.ended()).toBe(1);
    const log = await one.logs();
    expect(log).toContain("init      | no such column: events.id\n");
    expect(log).toContain("init      | glitchtip-compose: bin/run-migrate.sh failed (exit 3)\n");
    expect(log).toContain("init      | ended with exit code 1: migrations or the first account failed");
    expect(log.match(/no such column/g)).toHaveLength(1);
    expect(log).not.toContain("Listening at");
    expect(log).toContain("database system is shut down");
  });

  it("takes up programs, settings of Postgres and scripts from the extension folder", async () => {
    using folder = new Folder();
    folder.program("services/hello/run", "echo hello from $GLITCHTIP_DOMAIN", "exec sleep infinity");
    folder.program("start/10-first", "echo before everything else");
    folder.write("postgres/more.conf", "work_mem = 7MB\n");
    await using one = new OneContainer(image);
    await one.start(
      ...["-v", `${folder.path}:/etc/glitchtip-compose/conf.d:ro`, "-e", "GLITCHTIP_DOMAIN=https://errors.example.com"],
    );
    await one.healthy();
    const log = await one.logs();
    expect(log).toContain("hello     | hello from https://errors.example.com\n");
    expect(log.indexOf("before everything else")).toBeLessThan(log.indexOf("hello from"));
    expect((await one.exec("psql", "-Atc", "SHOW work_mem")).stdout).toBe("7MB\n");
    expect((await one.exec("health")).stdout).toContain("hello: ok\n");

    const before = await one.pid("hello");
    await one.kill("hello");
    await until("it runs again", async () => {
      const pid = await one.pid("hello");
      return pid !== before && pid > 0 ? true : undefined;
    });
  });

  it("takes a folder of the host that belongs to root, and gives root up", async () => {
    using folder = new Folder();
    await using one = new OneContainer(image);
    const capabilities = ["CHOWN", "SETUID", "SETGID", "DAC_OVERRIDE", "SETPCAP"].flatMap((name) => [
      "--cap-add",
      name,
    ]);
    await one.start("--user", "0", ...capabilities, "-v", `${folder.path}:/data`);
    await one.healthy();
    const { stdout } = await one.exec("sh", "-c", "grep -h ^Uid /proc/[0-9]*/status | sort -u; stat -c %u /data");
    expect(stdout).toContain("Uid:\t5000\t5000\t5000\t5000\n");
    expect(stdout).toMatch(/\n5000\n$/);
  });

  describe("refuses", () => {
    it("the data of another major version of Postgres, and leaves it alone", async () => {
      await using one = new OneContainer(image);
      await one.once("sh", "-c", "mkdir -p /data/postgres/17 && echo 17 >/data/postgres/17/PG_VERSION");
      await one.start();
      expect(await one.ended()).toBe(78);
      expect(await one.logs()).toMatch(
        /made by Postgres 17, and this image has Postgres 18[\s\S]*glitchtip-compose backup/,
      );
      expect((await one.once("ls", "-A", "/data/postgres", "/data/postgres/17")).stdout).toBe(
        "/data/postgres:\n17\n\n/data/postgres/17:\nPG_VERSION\n",
      );
    });

    it.each([
      ["SECRET_KEY=change_me", "SECRET_KEY is set, where everybody"],
      ["DATABASE_PASSWORD=postgres", "DATABASE_PASSWORD is set, where everybody"],
      ["DATABASE_URL=postgres://a:b@elsewhere/c", "DATABASE_HOST wins over it"],
    ])("%s", async (variable, reason) => {
      await using one = new OneContainer(image);
      await one.start("-e", variable);
      expect(await one.ended()).toBe(78);
      expect(await one.logs()).toContain(reason);
    });

    it("a secret key that is a placeholder", async () => {
      await using one = new OneContainer(image);
      await one.once("sh", "-c", "mkdir -p /data/secrets && printf change_me >/data/secrets/secret_key");
      await one.start();
      expect(await one.ended()).toBe(78);
      expect(await one.logs()).toContain("too short to be one");
    });
  });
});
