import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { type Call, type ClientAnswer, call } from "./support/https-client.ts";
import { MAILBOX } from "./support/mailbox.ts";
import { type LocalRegistry, localRegistry } from "./support/registry.ts";
import { storedState } from "./support/server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const MAIL_PASSWORD = randomBytes(18).toString("base64url");
const DOMAIN = "errors.example.com";
const COMPOSE = `
services:
  web:
    image: node:24-slim
    entrypoint: [node, -e]
    command: ["process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1e9)"]
`;
const IMAGES: Readonly<Record<string, string>> = {
  GLITCHTIP_IMAGE: "glitchtip/glitchtip:6",
  GLITCHTIP_POSTGRES_IMAGE: "postgres:18",
  GLITCHTIP_NODE_IMAGE: "node:24-slim",
  GLITCHTIP_CADDY_IMAGE: "caddy:2",
};

describeOnEngine("a production stack behind Caddy, with an authority of its own", () => {
  let registry: LocalRegistry;
  let stack: Stack;
  let authority: string;
  let url: string;

  const https = (path: string, more: Call = {}): Promise<ClientAnswer> => call(`${url}${path}`, { authority, ...more });
  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await stack.project.cli([...args, "--json"]);
    return { code, stderr, data: JSON.parse(stdout) };
  };

  /** Sends the head of a POST that states a body's length, without the body. Returns what is answered. */
  const answerToLength = async (path: string, length: number): Promise<string> => {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: "127.0.0.1", port: Number(port), servername: hostname, ca: authority });
    socket.write(`POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: ${length}\r\n\r\n`);
    let answered = "";
    for await (const chunk of socket) answered += String(chunk);
    return answered;
  };

  beforeAll(async () => {
    registry = await localRegistry(Object.values(IMAGES));
    stack = await Stack.in({ "compose.yaml": COMPOSE, "mail-url": `smtp://shop:${MAIL_PASSWORD}@mailbox:2525` });
    const { glitchtip: httpsPort, app: httpPort } = stack.project.ports;
    url = `https://${DOMAIN}:${httpsPort}`;
    const variables = Object.entries(IMAGES).map(([name, image]) => `${name}=${registry.names[image]}\n`);
    const ports = `GLITCHTIP_HTTP_PORT=${httpPort}\nGLITCHTIP_HTTPS_PORT=${httpsPort}\n`;
    stack.write(".env", `COMPOSE_PROJECT_NAME=${stack.name}\n${ports}${variables.join("")}`);
    const mail = ["--email", "admin@errors.test", "--email-url", "file:./mail-url"];
    const app = ["--app", "web=shop", "--organization", "Acme"];
    await stack.init("--production", "--domain", DOMAIN, "--url", url, "--tls", "internal", ...mail, ...app);
    stack.edit("glitchtip.yaml", "web: { project: shop }", "web: { project: shop, audience: public }");
    stack.write("glitchtip.yaml", `${stack.read("glitchtip.yaml")}\nbackup: { schedule: "03:15" }\n`);
    await stack.init();
    stack.override(MAILBOX);
    expect(await cli("lock")).toMatchObject({ code: 0, data: { unpinned: [] } });
    await stack.up();
    authority = (await stack.exec("glitchtip-proxy", "cat", "/data/caddy/pki/authorities/local/root.crt")).stdout;
  });
  afterAll(async () => {
    await stack?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  it("the proxy opens when the provisioner has ended, and not before", async () => {
    const ended = (await stack.container("glitchtip-provision")).State.FinishedAt;
    const opened = (await stack.container("glitchtip-proxy")).State.StartedAt;
    expect(Date.parse(ended)).toBeLessThan(Date.parse(opened));
  });

  it("an app's event gets in by the public https address in its DSN, and is stored", async () => {
    const dsn = new URL((await stack.variable("web", "SENTRY_DSN")) ?? "");
    expect(dsn.origin).toBe(url);
    const eventId = randomUUID().replaceAll("-", "");
    const lines = [
      { event_id: eventId },
      { type: "event" },
      { event_id: eventId, message: "by https", level: "error" },
    ];
    const sent = await https(`/api${dsn.pathname}/envelope/?sentry_key=${dsn.username}`, {
      method: "POST",
      headers: { "content-type": "application/x-sentry-envelope" },
      body: lines.map((line) => JSON.stringify(line)).join("\n"),
    });
    expect(sent.status).toBe(200);
    const { token, organization } = await storedState(stack);
    const stored = await until("the event", async () => {
      const path = `/api/0/projects/${organization.slug}/shop/events/${eventId}/`;
      const answer = await https(path, { headers: { authorization: `Bearer ${token.value}` } });
      return answer.status === 200 ? JSON.parse(answer.body) : undefined;
    });
    expect(stored).toMatchObject({ title: "by https" });
  });

  it("a client that does not know the authority refuses the certificate", async () => {
    await expect(call(url)).rejects.toMatchObject({ code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/) });
  });

  it("browsers get the security headers, once each, and GlitchTip is closed to strangers", async () => {
    const { headers, body } = await https("/api/settings/");
    expect(headers).toMatchObject({
      "strict-transport-security": "max-age=31536000",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "strict-origin-when-cross-origin",
      "permissions-policy": expect.stringContaining("camera=()"),
    });
    expect(headers.server).toBeUndefined();
    expect(JSON.parse(body)).toMatchObject({ enableUserRegistration: false, enableOrganizationCreation: false });
  });

  it("plain http leads to https, path and query kept; another name gets nothing by either", async () => {
    const plain = `http://${DOMAIN}:${stack.project.ports.app}`;
    expect(await call(`${plain}/a?b=c`)).toMatchObject({ status: 308, headers: { location: `${url}/a?b=c` } });
    const other = (address: string) => address.replace(DOMAIN, "other.example.com");
    await expect(call(other(plain))).rejects.toThrow();
    await expect(call(other(url), { authority })).rejects.toThrow();
  });

  it("a body over the limit is refused, and one for events may be larger than others", async () => {
    const body = new Uint8Array(6_000_000);
    // The proxy closes the connection while the body is on its way, which a client that writes on may take for a failure.
    expect(await answerToLength("/api/0/organizations/", body.length)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await answerToLength("/api/1/envelope/?sentry_key=x", 21_000_000)).toMatch(/^HTTP\/1\.1 413 /);
    const envelope = await https("/api/1/envelope/?sentry_key=x", { method: "POST", body });
    expect(envelope.status).not.toBe(413);
  });

  it("there is no way around the proxy: nothing else of ours has a port, and GlitchTip knows its own names only", async () => {
    const published = [...(await stack.containers())].flatMap(([service, { NetworkSettings }]) =>
      Object.values(NetworkSettings.Ports).some((ports) => (ports ?? []).length > 0) ? [service] : [],
    );
    expect(published).toEqual(["glitchtip-proxy"]);
    const script = "fetch('http://glitchtip:8000/api/settings/', {headers: {host: 'evil.example'}})";
    const node = `${script.replace("fetch", "require('http').get")}.on('response', (r) => console.log(r.statusCode))`;
    expect((await stack.exec("mailbox", "node", "-e", node)).stdout.trim()).toBe("400");
  });

  it("a test mail reaches the declared mail server", async () => {
    expect(await cli("mail", "test", "--to", "you@errors.test")).toMatchObject({ code: 0, data: { sent: true } });
    const mails = await stack.logs("mailbox");
    expect(mails).toMatch(/^To: you@errors\.test\r?$/m);
    expect(mails).toMatch(/^From: admin@errors\.test\r?$/m);
  });

  it("the mail server's password is in no container's settings, no log and no view of the files", async () => {
    const seen = {
      inspect: JSON.stringify([...(await stack.containers()).values()]),
      config: (await stack.compose(["config"])).stdout,
      logs: await stack.logs(),
      check: JSON.stringify(await cli("check", "--production")),
    };
    for (const [where, text] of Object.entries(seen)) expect(text.includes(MAIL_PASSWORD), where).toBe(false);
    expect(stack.read("mail-url")).toContain(MAIL_PASSWORD);
  });

  it("check --production passes every point of the hardening table", async () => {
    const { code, data } = await cli("check", "--production");
    expect(data.points.filter(({ state }: { state: string }) => state !== "pass")).toEqual([]);
    expect(data.points.length).toBeGreaterThan(25);
    expect(code).toBe(0);
  });

  it("status tells until when the certificate is good; a second up changes nothing", async () => {
    const { code, data } = await cli("status");
    expect(data.certificate).toMatchObject({ state: "ok", notAfter: expect.stringMatching(/^20\d\d-/) });
    expect(code).toBe(0);
    const before = (await stack.container("glitchtip-proxy")).Id;
    await stack.up();
    expect((await stack.container("glitchtip-proxy")).Id).toBe(before);
  });

  it("serves others while one client sends 750 bodies as slowly as it can", async () => {
    const dsn = new URL((await stack.variable("web", "SENTRY_DSN")) ?? "");
    const target = `/api${dsn.pathname}/envelope/?sentry_key=${dsn.username}`;
    const before = await stack.container("glitchtip-proxy");
    const head = `POST ${target} HTTP/1.1\r\nHost: ${DOMAIN}\r\nContent-Length: 19000000\r\n\r\n`;
    const slow: TLSSocket[] = [];
    try {
      while (slow.length < 750) {
        const batch = Array.from({ length: 50 }, () => slowClient(Number(new URL(url).port), authority));
        slow.push(...batch);
        await Promise.all(batch.map((socket) => once(socket, "secureConnect")));
        for (const socket of batch) socket.write(head + "x".repeat(65_536));
        expect(await https("/api/settings/")).toMatchObject({ status: 200 });
      }
      for (let i = 0; i < 20; i++) expect(await https("/api/settings/")).toMatchObject({ status: 200 });
      const { RestartCount, State } = await stack.container("glitchtip-proxy");
      expect({ RestartCount, StartedAt: State.StartedAt }).toEqual({
        RestartCount: before.RestartCount,
        StartedAt: before.State.StartedAt,
      });
      expect(State).toMatchObject({ Status: "running", OOMKilled: false });
    } finally {
      for (const socket of slow) socket.destroy();
    }
  });

  it("with a provisioner that fails, up ends with 1, and proxy and apps start all the same", async () => {
    const broken = `  glitchtip-provision:\n    entrypoint: [node, -e, "process.exit(1)"]\n`;
    stack.override(MAILBOX + broken);
    await stack.compose(["rm", "-sf", "glitchtip-proxy", "web"]);
    await stack.up({ ends: 1 });
    expect(await https("/api/settings/")).toMatchObject({ status: 200 });
    expect(await stack.variable("web", "SENTRY_DSN")).toContain(DOMAIN);
    stack.override(MAILBOX);
    await stack.up();
  });

  it("a worker whose child was killed for lack of memory still runs and is healthy, and status and check tell", async () => {
    await stack.exec("glitchtip-worker", "python", "-c", "x = bytearray(700 * 1024 * 1024)");
    expect((await stack.container("glitchtip-worker")).State).toMatchObject({ Status: "running" });
    const { code, data } = await cli("status");
    expect(code).toBe(1);
    expect(data.next).toEqual([
      expect.stringMatching(/glitchtip-worker killed a process for lack of memory/),
      // No name server knows the domain of this test.
      expect.stringMatching(/no GlitchTip answers at https:\/\/\S+ from this machine/),
    ]);
    const { data: checked } = await cli("check", "--production");
    const failed = checked.points.filter(({ state }: { state: string }) => state === "fail");
    expect(failed).toMatchObject([
      { id: "memory-kills", reason: "a process of glitchtip-worker was killed for lack of memory" },
    ]);
  });
});

/** A client that sends nothing by itself. That it is closed by the proxy is not an error of the test's. */
function slowClient(port: number, authority: string): TLSSocket {
  const socket = connect({ host: "127.0.0.1", port, servername: DOMAIN, ca: authority });
  return socket.on("error", () => {});
}
