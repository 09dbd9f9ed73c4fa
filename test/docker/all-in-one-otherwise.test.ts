import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { builtImage, Folder, OneContainer, removeImage } from "./support/one-container.ts";
import { until } from "./support/until.ts";

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
