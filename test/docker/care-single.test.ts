import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { RECEIVER, receivedBy, startCaredFor, toldOf } from "./support/receiver.ts";
import { removeBuilt, Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const RUN = "/run/glitchtip-compose/service";

/** Before GlitchTip's own: its worker takes 300 of the container's 512 MiB when it is started first. */
const HUNGRY = `
if sys.argv[1:2] == ["runworker"] and not os.path.exists("/tmp/was-here"):
    import time
    open("/tmp/was-here", "w").close()
    food = bytearray(300 << 20)
    for i in range(0, len(food), 4096): food[i] = 1
    while True:
        open("/tmp/worker-alive", "w").close()
        time.sleep(1)
`;

describeOnEngine("care of a single container", () => {
  let stack: Stack;
  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await stack.project.cli([...args, "--json"]);
    return { code, stderr, data: stdout === "" ? undefined : JSON.parse(stdout) };
  };
  const inside = async (command: string) => (await stack.exec("glitchtip", "sh", "-c", command)).stdout;
  const servicePid = (program: string) => inside(`s6-svstat -o pid ${RUN}/${program}`);
  const healthy = () =>
    until("all programs do their work", async () =>
      (await stack.exec("glitchtip", "health")).code === 0 ? true : undefined,
    );
  const wellAgain = () =>
    until("all is well", async () => ((await cli("care", "run")).code === 0 ? true : undefined), 120_000);

  beforeAll(async () => {
    stack = await Stack.sample("--topology", "single-container", "--valkey", "bundled");
    await startCaredFor(stack, "{ everySeconds: 5, restart: { memoryPercent: 70 } }");
  }, 300_000);
  afterAll(() => removeBuilt(stack));

  it("looks at its Postgres, Valkey, web and partitions, and status shows it at work", async () => {
    const { code, data } = await cli("care", "run");
    expect({ code, problems: data.findings.filter((one: { problem?: string }) => one.problem) }).toEqual({
      code: 0,
      problems: [],
    });
    expect(data.findings.map(({ about }: { about: string }) => about)).toEqual(
      expect.arrayContaining(["postgres", "valkey", "web", "worker", "partitions", "the disk of Docker's volumes"]),
    );
    const { data: status } = await cli("status");
    expect(status.state).toBe("ok");
    expect(status.services).toContainEqual(expect.objectContaining({ service: "glitchtip-care", state: "running" }));
  });

  it("asks by sockets that only these two containers have: no network reaches Postgres or Valkey", async () => {
    const connect = (port: number) => `
      require("node:net").connect(${port}, "glitchtip").on("connect", () => console.log("open"))
        .on("error", ({ code }) => console.log(code))`;
    for (const port of [5432, 6379]) {
      expect((await stack.exec("glitchtip-care", "node", "-e", connect(port))).stdout).toBe("ECONNREFUSED\n");
    }
    const asked = await inside("env -u PGPASSFILE PGHOST=/run/glitchtip-care psql -wc 'SELECT 1' 2>&1");
    expect(asked).toContain("no password supplied");
    const users = [...(await stack.containers())].filter(([, { Mounts }]) =>
      Mounts.some(({ Destination }) => Destination === "/run/glitchtip-care"),
    );
    expect(users.map(([name]) => name).sort()).toEqual(["glitchtip", "glitchtip-care"]);
  });

  it("nobody in either container has a capability or Docker's socket, and web and worker are not root", async () => {
    const facts = "cat /proc/[0-9]*/status | grep -E '^(Uid|CapEff)' | sort -u";
    expect((await inside(facts)).replaceAll("\t", " ").trim().split("\n")).toEqual([
      "CapEff: 0000000000000000",
      "Uid: 5000 5000 5000 5000",
    ]);
    expect((await stack.exec("glitchtip-care", "sh", "-c", facts)).stdout).toContain("CapEff:\t0000000000000000");
    for (const name of ["glitchtip", "glitchtip-care"]) {
      const { HostConfig } = await stack.container(name);
      expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ["ALL"] });
      expect(JSON.stringify(HostConfig)).not.toContain("docker.sock");
    }
  });

  it("restarts web and worker when asked, with PIDs, times and memory, and it counts as no death", async () => {
    const before = [await servicePid("web"), await servicePid("worker"), await servicePid("postgres")];
    const { code, data, stderr } = await cli("care", "restart");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(data).toMatchObject({
      reason: "asked",
      ok: true,
      checksBefore: [{ what: "Postgres" }, { what: "Valkey" }],
      services: [{ service: "web" }, { service: "worker" }],
    });
    for (const one of data.services) {
      expect(one.pidAfter).not.toBe(one.pidBefore);
      expect(one).toMatchObject({ killed: false, memoryLimit: 1_073_741_824 });
      expect(one.memoryBefore).toBeGreaterThan(1_000_000);
      expect(one.memoryBefore).toBeLessThan(300_000_000);
      expect(one.memoryAfter).toBeGreaterThan(1_000_000);
    }
    // To s6 nothing has happened.
    expect([await servicePid("web"), await servicePid("worker"), await servicePid("postgres")]).toEqual(before);
    expect(await inside(`s6-svdt ${RUN}/web; s6-svdt ${RUN}/worker`)).toBe("");
    await healthy();
    expect((await stack.project.cli(["verify"])).code).toBe(0);
    expect((await cli("care", "restart", "worker")).data.services).toMatchObject([{ service: "worker" }]);
    expect((await cli("care", "report")).data.restarts).toHaveLength(2);
  });

  it("tells of it, as a card too, without a secret", async () => {
    expect(await toldOf(stack, "restart-done", "done")).toMatchObject({
      instance: stack.name,
      lines: expect.arrayContaining([expect.stringMatching(/^web: pid \d+ → \d+, stopped in/)]),
    });
    const cards = (await receivedBy(stack)).filter(({ path }) => path === "/card");
    expect(cards[0]?.body).toMatchObject({ msg_type: "interactive", card: { schema: "2.0" } });
    const said = JSON.stringify(await receivedBy(stack)) + (await stack.logs("glitchtip-care", "glitchtip"));
    for (const name of ["db_password", "admin_password", "secret_key"]) {
      expect(said).not.toContain(await stack.secret(name));
    }
  });

  it("restarts nothing while Postgres is down, and says so", async () => {
    await stack.exec("glitchtip", "programs", "stop", "postgres");
    const { code, data } = await cli("care", "restart");
    expect(code).toBe(1);
    expect(data).toMatchObject({ ok: false, services: [], skipped: expect.stringMatching(/^Postgres is not well/) });
    await toldOf(stack, "restart-failed", "failed");
    expect(await toldOf(stack, "service-unhealthy", "failed", "postgres")).toMatchObject({
      lines: [expect.stringMatching(/^postgres does not answer/)],
    });
    await stack.exec("glitchtip", "programs", "start", "postgres");
    await toldOf(stack, "service-unhealthy", "over", "postgres");
  }, 180_000);

  it("starts nothing that is held, and asks the database again after the container was killed", async () => {
    await stack.exec("glitchtip", "programs", "hold");
    expect((await cli("care", "restart", "worker")).data.services).toEqual([
      { service: "worker", error: "is not running" },
    ]);
    expect(await inside(`s6-svstat -o up ${RUN}/web; s6-svstat -o up ${RUN}/worker`)).toBe("false\nfalse\n");
    await stack.exec("glitchtip", "programs", "release");
    await stack.compose(["kill", "glitchtip"]);
    await stack.up();
    await wellAgain();
  }, 240_000);

  it("stands aside for a restore, and looks after what was restored", async () => {
    expect((await stack.project.cli(["backup", "create"])).code).toBe(0);
    const done = await stack.project.cli(["restore", "latest", "--confirm", stack.name]);
    expect(done.code, done.stderr).toBe(0);
    await wellAgain();
    expect((await cli("care", "restart", "web")).data).toMatchObject({ ok: true, services: [{ service: "web" }] });
    const { restarts } = (await cli("care", "report")).data;
    expect(restarts.map(({ reason }: { reason: string }) => reason)).toEqual(restarts.map(() => "asked"));
  }, 240_000);

  it("leaves no process behind where the supervisor of one is killed", async () => {
    const pidNow = async () => /"pid": (\d+)/.exec(await inside("cat /run/glitchtip-care/web.json"))?.[1];
    const pid = await pidNow();
    expect(pid).toBeDefined();
    await inside(`kill -9 ${await servicePid("web")}`);
    await until("web has another process", async () => ((await pidNow()) ?? pid) !== pid || undefined);
    expect(await inside(`test -e /proc/${pid} && echo there`)).toBe("");
    await healthy();
  });

  it("restarts the larger of web and worker by itself when the container's memory is nearly used up", async () => {
    const own = await inside("cat /code/manage.py");
    stack.write("manage.py", own.replace("\nCOMMANDS", `\n${HUNGRY}\nCOMMANDS`));
    await stack.project.docker(
      ["run", "--rm", "-v", `${stack.project.dir}:/dir`, "busybox:1", "chmod", "755", "/dir/manage.py"],
      { cwd: "/" },
    );
    const hungry = "  glitchtip:\n    mem_limit: 512m\n    volumes: ['./manage.py:/code/manage.py:ro']\n";
    stack.override(`${RECEIVER}${hungry}`);
    await stack.compose(["up", "-d", "--no-deps", "glitchtip"]);
    const report = await until(
      "a restart for memory",
      async () => {
        const { data } = await cli("care", "report");
        return data.restarts.find(({ reason }: { reason: string }) => reason === "memory");
      },
      180_000,
    );
    expect(report).toMatchObject({ ok: true, services: [{ service: "worker", memoryLimit: 512 * 1_048_576 }] });
    const [{ memoryBefore }] = report.services;
    expect(memoryBefore).toBeGreaterThan(300 * 1_048_576);
    expect(await toldOf(stack, "restart-done", "done", "memory worker")).toMatchObject({
      title: "restarted for its memory",
    });
    await until("it is small again", async () => {
      const { memoryBytes } = JSON.parse(await inside("cat /run/glitchtip-care/worker.json"));
      return memoryBytes < 150 * 1_048_576 ? true : undefined;
    });
    await healthy();
  }, 300_000);
});

describeOnEngine("care of a single container of an older GlitchTip", () => {
  it("counts the jobs of 5.1 in its Valkey inside, and restarts its two programs", async () => {
    const stack = await Stack.sample("--topology", "single-container", "--image", "glitchtip/glitchtip:v5.1.1");
    try {
      stack.write("glitchtip.yaml", `${stack.read("glitchtip.yaml")}\ncare: {}\n`);
      await stack.init();
      await stack.up();
      const { code, stdout } = await stack.project.cli(["care", "run"]);
      expect({ code, stdout }).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("ok   queue-stuck: worker\n"),
      });
      const restarted = await stack.project.cli(["care", "restart"]);
      expect(restarted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ {2}worker: pid \d+ → \d+/m) });
      expect((await stack.project.cli(["verify"])).code).toBe(0);
    } finally {
      await removeBuilt(stack);
    }
  }, 300_000);
});
