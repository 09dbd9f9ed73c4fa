import { statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "dotenv";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CanarySearch } from "../support/canaries.ts";
import { freePort } from "../support/valkey.ts";
import { describeOnEngine } from "./support/engine.ts";
import { filesIn } from "./support/project.ts";
import { inventory } from "./support/server.ts";
import { startSlowServer } from "./support/slow-server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const QUEUE = "glitchtip-service-queue";
const WORKER = "glitchtip-service-worker";
/** More than an apply sends before the first of them is answered. */
const ALERTS = 100;
const SERVICES = ["glitchtip-service", QUEUE, "glitchtip-service-watch", WORKER];

describeOnEngine("GlitchTip alone, with the reconcile service beside it", () => {
  let stack: Stack;
  let server: Awaited<ReturnType<typeof startSlowServer>>;
  let port: number;
  let token: string;
  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await stack.project.cli(args);
    expect([args.join(" "), code], stdout + stderr).toEqual([args.join(" "), 0]);
    return stdout;
  };
  const compose = async (...args: string[]) => {
    const { code, stderr } = await stack.compose(args);
    expect([args.join(" "), code], stderr).toEqual([args.join(" "), 0]);
  };
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, each asserted where it is read
  const ask = async (method: string, path: string, body?: object): Promise<any> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return await answer.json();
  };
  /** The end of a run, also where the API or the queue is away for a moment. */
  const ended = (id: string) =>
    until(
      "the end of the run",
      async () => {
        const run = await ask("GET", `runs/${id}?timeout=30`).catch(() => undefined);
        return ["success", "failed", "skipped"].includes(run?.status) ? run : undefined;
      },
      120_000,
    );
  const declareAlerts = (names: readonly string[]) => {
    const alerts = names.map((name) => ({ name, quantity: 1, timespanMinutes: 1, recipients: [{ type: "email" }] }));
    const organizations = { Acme: { projects: { "project-00001": { alerts } } } };
    const declared = { url: "http://slow-server:8000", token: "env:SLOW_TOKEN", organizations, manage: "alerts" };
    stack.write("servers/slow.yaml", JSON.stringify({ version: 1, servers: { slow: declared } }));
  };

  beforeAll(async () => {
    stack = await Stack.in({ "package.json": "{}" });
    await stack.init("--no-apps", "--organization", "Acme");
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("comes up in a folder with other things, without an app", async () => {
    await stack.up();
    expect(await inventory(stack)).toMatchObject({ organizations: ["Acme"], projects: [] });
    expect([...(await stack.containers()).keys()].filter((name) => !name.startsWith("glitchtip"))).toEqual([]);
    for (const command of ["status", "doctor", "verify"]) await cli(command);
  });

  it("is planned by the service, and what waits in the queue outlives the queue, the API and the watch", async () => {
    port = await freePort();
    stack.write(".env", `${stack.read(".env")}GLITCHTIP_SERVICE_PORT=${port}\n`);
    await stack.init("--service");
    await stack.up();
    expect([...(await stack.containers()).keys()]).toEqual(expect.arrayContaining(SERVICES));
    token = (await cli("serve", "token", "--subject", "ci", "--scope", "plan", "--scope", "apply")).trim();
    const planned = await until("the plan of the watch", async () => {
      const { servers } = await ask("GET", "servers");
      return servers?.[0]?.status === "unknown" ? undefined : servers;
    });
    expect(planned, await stack.logs(...SERVICES)).toMatchObject([{ status: "in sync", errors: [] }]);

    await compose("stop", "-t", "5", WORKER);
    const { id } = await ask("POST", "apply", {});
    await compose("kill", QUEUE);
    await stack.up({ args: [QUEUE] });
    await compose("restart", "glitchtip-service", "glitchtip-service-watch");
    await stack.up();
    expect(await ask("GET", `runs/${id}?timeout=60`), await stack.logs(...SERVICES)).toMatchObject({
      status: "success",
      report: { errors: [] },
    });
    expect(JSON.parse(await cli("status", "--json")).services).toEqual(
      expect.arrayContaining(SERVICES.map((service) => expect.objectContaining({ service }))),
    );
    await cli("doctor");
    expect(await cli("graph")).toContain(`127.0.0.1:8180:8080`);
  });

  it("ends an apply during which the queue, the workers or the API are restarted, and nothing is there twice", async () => {
    server = await startSlowServer(stack);
    stack.write("slow-token", (await server.state()).token);
    declareAlerts([]);
    stack.edit(
      "glitchtip.yaml",
      "service: {}",
      'service: { declarations: servers, workers: 2, secrets: { SLOW_TOKEN: "file:./slow-token" } }',
    );
    await stack.init();
    await stack.up();
    const names: string[] = [];
    for (const restart of [[QUEUE], ["-t", "1", WORKER], ["glitchtip-service"]]) {
      const part = restart.at(-1) ?? "";
      names.push(...Array.from({ length: ALERTS }, (_, nth) => `${part}/${nth}`));
      declareAlerts(names);
      const before = (await server.state()).writes;
      const first = await ask("POST", "apply", { servers: ["slow"] });
      // Another apply of the same server, which is not equal: it waits until the first has given the lock back.
      const second = await ask("POST", "apply", { servers: ["slow"], strict: true });
      const sent = async () => (await server.state()).writes - before;
      expect(await until("the first writes", async () => ((await sent()) >= 3 ? sent() : undefined))).toBeLessThan(
        ALERTS,
      );
      await compose("restart", ...restart);
      for (const { id } of [first, second]) {
        expect(await ended(id), `${part}\n${await stack.logs(...SERVICES)}`).toMatchObject({
          status: "success",
          report: { errors: [] },
        });
      }
      const { writes, alerts } = await server.state();
      expect(alerts.toSorted(), part).toEqual(names.toSorted());
      expect(writes - before, part).toBe(ALERTS);
    }
    const { servers } = await ask("GET", "servers");
    expect(servers).toContainEqual(expect.objectContaining({ name: "slow", status: "in sync", errors: [] }));
  });

  it("shows no secret in its containers, processes, logs and files, and may write only where it keeps something", async () => {
    const search = new CanarySearch();
    const secrets = ["admin_password", "db_password", "secret_key"];
    for (const name of secrets) search.add({ name, value: await stack.secret(name) });
    search.add({ name: "key of the tokens", value: await stack.readVolume("glitchtip-service", "key") });
    search.add({ name: "token of a server", value: stack.read("slow-token") });
    search.add({ name: "token of a client", value: token.split(".").at(-1) ?? "" });
    const containers = await stack.containers();
    expect(search.find(JSON.stringify([...containers.values()]))).toEqual([]);
    expect(search.find(await stack.logs())).toEqual([]);
    const { "slow-token": own = "", ...files } = filesIn(stack.project.dir);
    expect(search.find(own)).toEqual(["token of a server"]);
    for (const [path, text] of Object.entries(files)) expect([path, search.find(text)]).toEqual([path, []]);
    const read = 'for one in /proc/[0-9]*; do cat $one/cmdline $one/environ; done 2>/dev/null | tr "\\0" "\\n"';
    const writable = Object.fromEntries(SERVICES.map((name) => [name, ["/service"]]));
    Object.assign(writable, { [QUEUE]: ["/data"], [WORKER]: ["/service", "/state"] });
    for (const service of SERVICES) {
      const { stdout } = await stack.exec(service, "sh", "-c", read);
      expect(stdout).toMatch(service === QUEUE ? /valkey-server/ : /serve\.mjs/);
      expect([service, search.find(stdout)]).toEqual([service, []]);
      const { HostConfig, Mounts } = await stack.container(service);
      expect([service, HostConfig]).toMatchObject([
        service,
        { ReadonlyRootfs: true, CapDrop: ["ALL"], SecurityOpt: ["no-new-privileges:true"], PidsLimit: 256 },
      ]);
      const places = Mounts.filter(({ RW }) => RW).map(({ Destination }) => Destination);
      expect([service, places.toSorted()]).toEqual([service, writable[service]]);
    }
    expect(await stack.statVolume("glitchtip-service")).toMatch(/^\S+\/key \d+ \d+ 600 .*\n?$/);
    for (const line of (await stack.statVolume("glitchtip-service-state")).trim().split("\n")) {
      expect(line).toMatch(/^\S+ \d+ \d+ 600 /);
    }
    const modeOf = (path: string) => statSync(join(stack.project.dir, path)).mode;
    for (const path of ["serve.mjs", "service.json"]) {
      expect(modeOf(`.glitchtip/${path}`)).toBe(modeOf(".glitchtip/provisioner.mjs"));
    }
  });

  it("goes with the stack", async () => {
    await server.remove();
    await cli("uninstall", "--confirm", stack.name);
    expect((await stack.containers()).size).toBe(0);
  });
});

describeOnEngine("GlitchTip alone", () => {
  it("gives a program on this machine its DSN in a dotenv file, and takes it out again", async () => {
    await using stack = await Stack.in({ "package.json": "{}", ".env.local": "PORT=3000" });
    const cli = async (...args: string[]) => {
      const { code, stdout, stderr } = await stack.project.cli(args);
      expect([args.join(" "), code], stdout + stderr).toEqual([args.join(" "), 0]);
      return stdout;
    };
    await stack.init("--no-apps");
    await cli("add", "dev", "--project", "shop", "--host", "--dotenv", ".env.local");
    await stack.up();
    const status = await stack.project.cli(["status"]);
    expect([status.code, status.stdout]).toEqual([1, expect.stringContaining("npx glitchtip-compose up")]);
    expect(stack.read(".env.local")).toBe("PORT=3000");

    expect(await cli("up")).toContain("wrote .env.local");
    const dsn = () => parse(stack.read(".env.local")).SENTRY_DSN ?? "";
    const first = dsn();
    expect(first).toContain(`@127.0.0.1:${stack.project.ports.glitchtip}/`);
    expect(JSON.parse(await cli("verify", "--json")).apps).toMatchObject([
      { app: "dev", ok: true, via: "this machine" },
    ]);
    expect(JSON.parse(await cli("status", "--json")).apps).toMatchObject([{ app: "dev", dotenv: ".env.local" }]);
    await cli("doctor");

    await cli("rotate", "--keep-old");
    expect(dsn()).not.toBe(first);
    await cli("verify");
    const rotated = dsn();
    stack.write(".env.local", "PORT=3000");
    await cli("provision");
    expect(dsn()).toBe(rotated);

    await cli("remove", "dev");
    expect(stack.read(".env.local")).toBe("PORT=3000");
    expect((await stack.init()).stdout).toContain("nothing to change");
  });
});
