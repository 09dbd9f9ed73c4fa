import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { killAndAwait } from "./support/event-flow.ts";
import { call } from "./support/https-client.ts";
import { type StoredState, storedState } from "./support/server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const DOMAIN = "errors.example.com";
const COMPOSE = `
services:
  web:
    image: node:24-slim
    restart: unless-stopped
    entrypoint: [node, -e]
    command: ["process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1e9)"]
`;
/** How many of a flow's events have to be accepted after each kill before the next. */
const AFTER_EACH = 5;
const MOST_EVENTS = 2_000;

describeOnEngine("events flow into a production stack while each of its containers is killed by SIGKILL", () => {
  let stack: Stack;
  let url: string;
  let authority: string;

  beforeAll(async () => {
    stack = await Stack.in({ "compose.yaml": COMPOSE, "mail-url": "consolemail://" });
    url = `https://${DOMAIN}:${stack.project.ports.glitchtip}`;
    const ports = `GLITCHTIP_HTTP_PORT=${stack.project.ports.app}\nGLITCHTIP_HTTPS_PORT=${stack.project.ports.glitchtip}\n`;
    stack.write(".env", `COMPOSE_PROJECT_NAME=${stack.name}\n${ports}`);
    const flags = ["--email", "admin@errors.test", "--email-url", "file:./mail-url", "--organization", "Acme"];
    await stack.init(
      "--production",
      "--domain",
      DOMAIN,
      "--url",
      url,
      "--tls",
      "internal",
      "--size",
      "50000/30d",
      "--valkey",
      "bundled",
      "--app",
      "web=shop",
      ...flags,
    );
    await stack.up();
    authority = (await stack.exec("glitchtip-proxy", "cat", "/data/caddy/pki/authorities/local/root.crt")).stdout;
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  const send = async (id: string): Promise<number> => {
    const { projects } = await storedStateOnce();
    const { key, id: project } = projects.shop ?? { key: "", id: "" };
    const event = { event_id: id, message: "amid the kills", level: "error", fingerprint: ["amid the kills"] };
    const body = [{ event_id: id }, { type: "event" }, event].map((line) => JSON.stringify(line)).join("\n");
    const path = `/api/${project}/envelope/?sentry_key=${key.replaceAll("-", "")}`;
    const headers = { "content-type": "application/x-sentry-envelope" };
    return (await call(`${url}${path}`, { method: "POST", authority, headers, body })).status;
  };
  let stored: Promise<StoredState> | undefined;
  const storedStateOnce = () => {
    stored ??= storedState(stack);
    return stored;
  };

  it("its Postgres runs with the settings that its size asks for", async () => {
    const shown = ["shared_buffers", "work_mem", "max_wal_size"].map((name) => `show ${name}`).join("; ");
    const { stdout } = await stack.exec("glitchtip-db", "psql", "-U", "glitchtip", "-At", "-c", shown);
    expect(stdout.trim().split("\n")).toEqual(["256MB", "8MB", "2GB"]);
  });

  it("a load goes through Caddy with its certificate, and all that was accepted is read back", async () => {
    const { code, stdout } = await stack.project.cli(["load", "--events", "40", "--json"]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ sent: 40, accepted: 40, notAccepted: {}, lost: [], project: "shop" });
    const services = ["glitchtip", "glitchtip-db", "glitchtip-proxy", "glitchtip-valkey", "glitchtip-worker"];
    expect(report.memory.map(({ service }: { service: string }) => service)).toEqual(services);
    for (const { highestMib, limitMib } of report.memory) {
      expect(highestMib).toBeGreaterThan(0);
      expect(highestMib).toBeLessThan(limitMib);
    }
    expect(code).toBe(0);
  });

  it("each comes back by itself, events are accepted again, and none that was accepted is lost", async () => {
    await storedStateOnce();
    const accepted: string[] = [];
    const refused = new Map<string, number>();
    let flows = true;
    const sender = async () => {
      for (let i = 0; flows && i < MOST_EVENTS; i++) {
        const id = randomUUID().replaceAll("-", "");
        const outcome = await send(id).catch(() => "no answer");
        if (outcome === 200) accepted.push(id);
        else refused.set(String(outcome), (refused.get(String(outcome)) ?? 0) + 1);
      }
    };
    const flow = Promise.all([sender(), sender()]);
    try {
      const running = [...(await stack.containers())].filter(([, { State }]) => State.Status === "running");
      const services = running.map(([service]) => service);
      expect(services.sort()).toEqual([
        "glitchtip",
        "glitchtip-db",
        "glitchtip-proxy",
        "glitchtip-valkey",
        "glitchtip-worker",
        "web",
      ]);
      await stack.exec("glitchtip-valkey", "valkey-cli", "rpush", "queue", "a job that waits");
      for (const service of services) {
        await more(accepted);
        await killAndAwait(stack, service);
        await more(accepted);
      }
      // Nobody ended because another one was killed.
      const restarts = [...(await stack.containers())].map(([service, { RestartCount }]) => [service, RestartCount]);
      expect(Object.fromEntries(restarts)).toMatchObject(Object.fromEntries(services.map((service) => [service, 1])));
    } finally {
      flows = false;
      await flow;
    }
    const queue = await stack.exec("glitchtip-valkey", "valkey-cli", "lrange", "queue", "0", "-1");
    expect(queue.stdout.trim()).toBe("a job that waits");
    const lost = await unread(accepted);
    expect({ lost, accepted: accepted.length >= 10 * AFTER_EACH }).toEqual({ lost: [], accepted: true });
    // Somebody was away for a while: a flow that never stumbled was not there.
    expect([...refused.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  });

  it("a restore empties the queue of what it replaces", async () => {
    const { code, stdout } = await stack.project.cli(["backup", "create", "--json"]);
    expect(code).toBe(0);
    const restored = await stack.project.cli(["restore", JSON.parse(stdout).path, "--confirm", stack.name]);
    expect(restored.code, restored.stderr).toBe(0);
    expect((await stack.exec("glitchtip-valkey", "valkey-cli", "exists", "queue")).stdout.trim()).toBe("0");
  });

  const more = async (accepted: readonly string[]) => {
    const wanted = accepted.length + AFTER_EACH;
    await until("more events are accepted", async () => (accepted.length >= wanted ? true : undefined), 120_000);
  };

  /** Those that the API does not tell of within a while. */
  async function unread(ids: readonly string[]): Promise<readonly string[]> {
    const { token, organization } = await storedStateOnce();
    const headers = { authorization: `Bearer ${token.value}` };
    const missing = new Set(ids);
    await until("all accepted events are stored", async () => {
      for (const id of [...missing]) {
        const path = `/api/0/projects/${organization.slug}/shop/events/${id}/`;
        const { status } = await call(`${url}${path}`, { authority, headers });
        if (status === 200) missing.delete(id);
        else break;
      }
      return missing.size === 0 ? true : undefined;
    }).catch(() => undefined);
    return [...missing];
  }
});
