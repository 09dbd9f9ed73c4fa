import { afterAll, beforeAll, expect, it } from "vitest";
import type { ProcessResult } from "../../src/base/process.ts";
import { describeOnEngine } from "./support/engine.ts";
import type { InspectedContainer } from "./support/engine-api.ts";
import { inventory, readEvent, storedState } from "./support/server.ts";
import { partsBeforeSix, Stack } from "./support/stack.ts";

describeOnEngine("the first run, in an empty folder", () => {
  let stack: Stack;
  let init: ProcessResult;
  let config: ProcessResult;
  let containers: Map<string, InspectedContainer>;

  beforeAll(async () => {
    stack = await Stack.in();
    init = await stack.init("--organization", "Acme");
    config = await stack.compose(["config", "-q"]);
    await stack.up();
    containers = await stack.containers();
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  const container = (service: string) => {
    const found = containers.get(service);
    if (found === undefined) throw new Error(`no container of ${service}`);
    return found;
  };

  it("init says what to type next, and Compose has nothing to say about the files", () => {
    expect(init.stdout).toContain("docker compose up -d --wait");
    expect(config).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  it("the app reports errors", async () => {
    expect(await stack.app()).toMatchObject({ reporting: true });
    expect(await stack.variable("app", "SENTRY_DSN")).toMatch(/^http:\/\/[0-9a-f]{32}@glitchtip:8000\/\d+$/);
  });

  it("an error in the app is an event on the server", async () => {
    const failed = await stack.app<{ error: string; eventId: string }>("/error");
    const event = await readEvent(stack, "app", failed?.eventId ?? "");
    expect(event.title).toContain(failed?.error);
  });

  it("the server holds one of everything", async () => {
    expect(await inventory(stack)).toEqual({
      organizations: ["Acme"],
      teams: ["developers"],
      projects: ["app"],
      keys: [expect.stringMatching(/^app /)],
      tokens: ["glitchtip-compose"],
    });
  });

  it("each part starts after what it waits for; the superuser is there before the server takes anyone in", async () => {
    const ended = (service: string) => Date.parse(container(service).State.FinishedAt);
    const started = (service: string) => Date.parse(container(service).State.StartedAt);
    expect(ended("glitchtip-init")).toBeLessThan(started("glitchtip"));
    expect(ended("glitchtip-provision")).toBeLessThan(started("app"));
    expect(await stack.logs("glitchtip-init")).toContain("superuser admin@example.com created");
  });

  it("the provisioner tells a person what it made", async () => {
    const log = await stack.logs("glitchtip-provision");
    expect(log).toMatch(/created organization "Acme" \(acme, id \d+\)/);
    expect(log).toMatch(/created project "app" \(app, id \d+\)/);
    expect(log).toMatch(/project app: an event went through server and worker in \d+ ms/);
    expect(log).toContain("wrote the DSN of app");
  });

  it("no secret is seen in a container's settings, in Compose's view of the files, in a log or in the status", async () => {
    const { token, projects } = await storedState(stack);
    const secrets = [
      ...(await Promise.all(["admin_password", "db_password", "secret_key"].map((name) => stack.secret(name)))),
      token.value,
      projects.app?.key.replaceAll("-", "") ?? "",
    ];
    expect(secrets.map((secret) => secret.length > 20)).toEqual(secrets.map(() => true));
    const seen = {
      inspect: JSON.stringify([...containers.values()]),
      config: (await stack.compose(["config"])).stdout,
      logs: await stack.logs(),
      init: init.stdout + init.stderr,
      status: await stack.readVolume("glitchtip-dsn", "status.json"),
      ps: (await stack.compose(["ps", "-a", "--format", "json"])).stdout,
    };
    for (const [where, text] of Object.entries(seen)) {
      expect(text.length, where).toBeGreaterThan(50);
      for (const secret of secrets) expect(text.includes(secret), where).toBe(false);
    }
  });

  it.each([
    { service: "glitchtip-db", uid: 999, one: "exec" },
    { service: "glitchtip", uid: 5000, one: "exec" },
    { service: "glitchtip-init", uid: 5000, one: "run" },
    { service: "glitchtip-provision", uid: 0, one: "run" },
    { service: "glitchtip-setup", uid: 0, one: "run" },
  ])(
    "$service runs without any capability, as $uid, and cannot write outside its volumes",
    async ({ service, uid, one }) => {
      const script = "cat /proc/1/status; touch /probe";
      const { stdout, stderr } =
        one === "exec" ? await stack.exec(service, "sh", "-c", script) : await stack.run(service, "sh", "-c", script);
      expect(stdout).toMatch(/^CapEff:\s0{16}$/m);
      expect(stdout).toMatch(/^CapBnd:\s0{16}$/m);
      expect(stdout).toMatch(/^NoNewPrivs:\s1$/m);
      expect(stdout).toMatch(new RegExp(`^Uid:\\s${uid}\\s`, "m"));
      expect(stderr).toMatch(/read-only file system/i);
    },
  );

  it("every container of ours has limits and a log that does not grow for ever", () => {
    for (const service of ["glitchtip-setup", "glitchtip-db", "glitchtip-init", "glitchtip", "glitchtip-provision"]) {
      const { Memory, PidsLimit, LogConfig } = container(service).HostConfig;
      expect(Memory, service).toBeGreaterThanOrEqual(128 * 1024 ** 2);
      expect(PidsLimit, service).toBeGreaterThan(0);
      expect(LogConfig, service).toEqual({ Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } });
    }
  });

  it("ports are published on 127.0.0.1 only, and the database has none", () => {
    const published = [...containers].map(
      ([service, { NetworkSettings }]) =>
        [service, Object.values(NetworkSettings.Ports).flatMap((ports) => ports ?? [])] as const,
    );
    expect(Object.fromEntries(published)).toEqual({
      "glitchtip-setup": [],
      "glitchtip-db": [],
      "glitchtip-init": [],
      glitchtip: [{ HostIp: "127.0.0.1", HostPort: String(stack.project.ports.glitchtip) }],
      "glitchtip-provision": [],
      ...Object.fromEntries(partsBeforeSix.map((service) => [service, []])),
      app: [{ HostIp: "127.0.0.1", HostPort: String(stack.project.ports.app) }],
    });
  });

  it("the database is in a network of its own, which leads nowhere; apps cannot reach it", async () => {
    expect(Object.keys(container("glitchtip-db").NetworkSettings.Networks)).toEqual([`${stack.name}_glitchtip-db`]);
    const { stdout: routes } = await stack.exec("glitchtip-db", "cat", "/proc/net/route");
    expect(routes).toMatch(/^eth0/m);
    expect(routes).not.toMatch(/^\S+\s+00000000\s/m);
    const lookUp = "require('dns').lookup('glitchtip-db', (e) => console.log(e ? e.code : 'found'))";
    expect((await stack.exec("app", "node", "-e", lookUp)).stdout.trim()).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
  });

  it("an app reads its DSN, and can neither change it nor see the provisioner's state", async () => {
    const { code, stdout } = await stack.exec(
      "app",
      "sh",
      "-c",
      "ls /run/glitchtip; rm -f /run/glitchtip/app.env; ls /state",
    );
    expect(code).not.toBe(0);
    expect(stdout.split("\n").sort()).toEqual(["", "app.env"]);
    const asRoot = await stack.compose(["exec", "-T", "-u", "0", "app", "rm", "-f", "/run/glitchtip/app.env"]);
    expect(asRoot.stderr).toMatch(/read-only file system/i);
  });
});
