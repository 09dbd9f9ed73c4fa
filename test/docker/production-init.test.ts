import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeSelfSigned } from "../support/self-signed.ts";
import { describeOnEngine } from "./support/engine.ts";
import { call } from "./support/https-client.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const COMPOSE = `
services:
  api:
    image: node:24-slim
    entrypoint: [node, -e]
    command: ["setInterval(() => {}, 1e9)"]
  front:
    image: busybox:1
    command: [sleep, "100000"]
    ports: ["127.0.0.1:\${APP_PORT}:80"]
`;
// The Compose file publishes the proxy's port itself: without --proxy, init refuses that before it looks at the machine.
const INIT = ["init", "--yes", "--app", "api=shop", "--production", "--proxy", "caddy"];

describeOnEngine("init --production on this machine", () => {
  let stack: Stack;
  let process: Server;

  beforeAll(async () => {
    stack = await Stack.in({ "compose.yaml": COMPOSE });
    process = createServer().listen(stack.project.ports.glitchtip, "0.0.0.0");
  });
  afterAll(async () => {
    process?.close();
    await stack?.[Symbol.asyncDispose]();
  });

  it("refuses a name that is in no DNS, and ports that a container and a process have; nothing is written", async () => {
    const { app, glitchtip } = stack.project.ports;
    // Of another project: a container of this one would be told as such.
    const other = ["compose", "-p", `${stack.name}-other`];
    expect(await stack.project.docker([...other, "up", "-d", "front"])).toMatchObject({ code: 0 });
    try {
      stack.write(".env", `${stack.read(".env")}GLITCHTIP_HTTP_PORT=${app}\nGLITCHTIP_HTTPS_PORT=${glitchtip}\n`);
      const before = stack.read(".env");
      const { code, stderr } = await stack.project.cli([...INIT, "--domain", "errors.invalid"]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^error GC1111: .*nothing was written$/m);
      expect(stderr).toMatch(/errors\.invalid does not resolve on this machine.*--tls internal/);
      expect(stderr).toMatch(new RegExp(`:${app}, .*is taken by container ${stack.name}-other-front-1`));
      expect(stderr).toMatch(new RegExp(`:${glitchtip}, .*is taken by a process that is no container`));
      expect(stack.read(".env")).toBe(before);
      expect(() => stack.read("glitchtip.yaml")).toThrow();
    } finally {
      await stack.project.docker([...other, "down", "-t", "1"]);
    }
  });

  it("apps start without reporting when GlitchTip never comes up, and up says so", async () => {
    await using one = await Stack.in({ "compose.yaml": COMPOSE });
    const { glitchtip, app } = one.project.ports;
    one.write(".env", `${one.read(".env")}GLITCHTIP_HTTP_PORT=${app}\nGLITCHTIP_HTTPS_PORT=${glitchtip}\n`);
    const own = ["--domain", "errors.example.com", "--proxy", "caddy", "--tls", "internal", "--no-preflight"];
    await one.init("--app", "api=shop", ...own);
    one.override(`services:
  glitchtip: { entrypoint: [sh, -c, "exit 1"], restart: "no" }
  glitchtip-provision: { environment: { GLITCHTIP_READY_WITHIN_SECONDS: "1" } }
  front: !reset null
`);
    await one.up({ ends: 1 });
    expect((await one.container("api")).State.Status).toBe("running");
    // The wrapper waits five seconds for a DSN, then it becomes the app.
    await until("the app, without a DSN", async () => (await one.variable("api", "SENTRY_DSN")) === "" || undefined);
    const points = JSON.parse((await one.project.cli(["check", "--production", "--json"])).stdout).points;
    const failed = points
      .filter(({ state }: { state: string }) => state === "fail")
      .map(({ id }: { id: string }) => id);
    expect(failed).toContain("running");
  });

  it("with tls own Caddy shows the certificate that was given", async () => {
    await using one = await Stack.in({ "compose.yaml": COMPOSE });
    const { glitchtip, app } = one.project.ports;
    const at = (name: string) => `${one.project.dir}/${name}`;
    makeSelfSigned({ certificate: at("cert.pem"), key: at("key.pem") }, ["errors.example.com"], 30);
    one.write(".env", `${one.read(".env")}GLITCHTIP_HTTP_PORT=${app}\nGLITCHTIP_HTTPS_PORT=${glitchtip}\n`);
    const own = ["--proxy", "caddy", "--tls", "own", "--certificate", "cert.pem", "--key", "key.pem", "--no-preflight"];
    await one.init("--app", "api=shop", "--domain", "errors.example.com", ...own);
    expect(await one.compose(["up", "-d", "--wait", "--no-deps", "glitchtip-proxy"])).toMatchObject({ code: 0 });
    // Nothing is behind it: the answer is Caddy's own, by that certificate.
    const answer = await call(`https://errors.example.com:${glitchtip}/`, { authority: one.read("cert.pem") });
    expect(answer).toMatchObject({ status: 502, headers: { "strict-transport-security": "max-age=31536000" } });
    const status = JSON.parse((await one.project.cli(["status", "--json"])).stdout);
    expect(status.certificate).toMatchObject({ known: true, forDomain: true, state: "ok", verdict: { state: "pass" } });
  });

  it("writes snippets that a Caddy takes as they are, and files that Compose accepts, whatever is in front", async () => {
    for (const proxy of ["none", "nginx", "traefik", "caddy"]) {
      await using one = await Stack.in({ "compose.yaml": COMPOSE });
      await one.init("--app", "api=shop", "--domain", "errors.example.com", "--proxy", proxy, "--no-preflight");
      expect(await one.compose(["config", "-q"]), proxy).toMatchObject({ code: 0, stderr: "" });
      const file = { none: "site.caddy", caddy: "Caddyfile" }[proxy];
      if (file === undefined) continue;
      const mount = `${one.project.dir}/.glitchtip/proxy/${file}:/f:ro`;
      const adapt = [
        "run",
        "--rm",
        "-v",
        mount,
        "caddy:2",
        "caddy",
        "adapt",
        "--config",
        "/f",
        "--adapter",
        "caddyfile",
      ];
      expect(await one.project.docker(adapt), file).toMatchObject({ code: 0 });
    }
  });
});
