import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CodedError } from "../../src/base/errors.ts";
import { retry } from "../../src/base/retry.ts";
import { systemClock } from "../../src/base/wait.ts";
import { cliFolders, runCli } from "../support/cli-process.ts";
import { startServer } from "../support/emulator.ts";
import { makeSelfSigned, openssl } from "../support/self-signed.ts";
import { findProgram } from "../support/shells.ts";

const page = readFileSync(new URL("../../docs/proxies.md", import.meta.url), "utf8");
const section = (title: string) => page.split(/^## /m).find((text) => text.startsWith(title)) ?? "";

/** Runs the section's own `init`, without looking at DNS, and returns the text of a file that it wrote. */
async function initAsIn(title: string, folders: ReturnType<typeof cliFolders>, path: string): Promise<string> {
  const [, line = ""] = /^npx glitchtip-compose (init .*)$/m.exec(section(title)) ?? [];
  const { code, stderr } = await runCli(folders, ...line.split(" "), "--no-preflight", "--yes");
  expect(code, stderr).toBe(0);
  return readFileSync(join(folders.project, path), "utf8");
}

describe("docs/proxies.md", () => {
  it("Traefik: the labels name the network and the resolver of the page's own Compose file", async () => {
    using folders = cliFolders();
    const text = await initAsIn("Traefik", folders, "compose.override.yaml");
    const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(section("Traefik")) ?? [];
    const traefik = parse(yaml);
    const network = traefik.networks.traefik.name;
    const { services, networks } = parse(text, { merge: true });
    const labels = services.glitchtip.labels;
    const router = "traefik.http.routers.glitchtip-errors_example_com";
    expect(labels).toMatchObject({
      "traefik.docker.network": network,
      [`${router}.tls.certresolver`]: "le",
      [`${router}.entrypoints`]: "websecure",
      [`${router}.rule`]: "Host(`errors.example.com`)",
    });
    expect(Object.values(networks)).toContainEqual({ name: network, external: true });
    const flags: string[] = traefik.services.traefik.command;
    expect(flags.filter((flag) => flag.startsWith("--certificatesresolvers.le.acme."))).toHaveLength(3);
    expect(flags).toContain("--entrypoints.websecure.address=:443");
  });

  it("nginx in the same Compose file: it mounts what init writes, and GlitchTip joins its network", async ({
    skip,
  }) => {
    using folders = cliFolders();
    const title = "nginx or Caddy in the same";
    const [nginxFile = "", caddyFile = ""] = [...section(title).matchAll(/```yaml\n([\s\S]*?)```/g)].map(
      ([, text]) => text,
    );
    // No engine could say what a built image starts.
    writeFileSync(
      join(folders.project, "compose.yaml"),
      nginxFile.replace("build: .", "image: web\n    entrypoint: [web]"),
    );
    const snippet = await initAsIn(title, folders, ".glitchtip/proxy/nginx.conf");
    const mounts: string[] = parse(nginxFile).services.nginx.volumes;
    expect(mounts).toContain("./.glitchtip/proxy/nginx.conf:/etc/nginx/conf.d/glitchtip.conf:ro");
    expect(parse(caddyFile).services.caddy.volumes).toContainEqual(
      expect.stringContaining("./.glitchtip/proxy/site.caddy:"),
    );
    const { services } = parse(readFileSync(join(folders.project, "compose.override.yaml"), "utf8"), { merge: true });
    expect(services.glitchtip.networks).toContain("edge");
    if (nginx === undefined || openssl === undefined) return skip("no nginx or no openssl on this machine");
    await using served = await serve(nginx, snippet);
    const settings = await get(served.https, "/api/settings/?a=b", served.ca);
    expect(settings.status).toBe(200);
  });

  it("nginx: the file gives a padlock, redirects HTTP and refuses a large body", async ({ skip }) => {
    if (nginx === undefined || openssl === undefined) return skip("no nginx or no openssl on this machine");
    await using served = await serveAsIn(nginx);
    const { http, https, ca } = served;
    const settings = await get(https, "/api/settings/", ca);
    expect(settings.status).toBe(200);
    expect(settings.headers["strict-transport-security"]).toBe("max-age=31536000");
    const redirect = await fetch(`http://127.0.0.1:${http}/x`, {
      redirect: "manual",
      headers: { host: "errors.example.com" },
    });
    expect(redirect.status).toBe(308);
    const large = await get(https, "/api/0/organizations/", ca, Buffer.alloc(6_000_000));
    expect(large.status).toBe(413);
  });

  it("nginx: serves others while one client sends bodies as slowly as it can, and ends its connections", async ({
    skip,
  }) => {
    if (nginx === undefined || openssl === undefined) return skip("no nginx or no openssl on this machine");
    // The page's own times, shortened.
    const shorter = (snippet: string) =>
      snippet
        .replace("client_body_timeout 30s", "client_body_timeout 2s")
        .replace(/client_header_timeout \S+;/, "client_header_timeout 2s;");
    await using served = await serveAsIn(nginx, shorter);
    const { https, ca } = served;
    const head = "POST /api/1/envelope/ HTTP/1.1\r\nhost: errors.example.com\r\ncontent-length: 90000\r\n\r\nx";
    const bodies = Array.from({ length: 130 }, () => slow(https, ca, head));
    const headers = Array.from({ length: 30 }, () => slow(https, ca, "POST /api/1/envelope/ HTTP/1.1\r\n"));
    const refused = await until429(bodies, 30);
    expect(refused).toBeGreaterThanOrEqual(30);
    expect((await get(https, "/api/settings/", ca, undefined, "127.0.0.2")).status).toBe(200);
    // A connection that is never closed would keep the test from ending.
    await Promise.all([...bodies, ...headers].map(({ closed }) => closed));
    expect(bodies.filter(({ answer }) => answer().includes("200 OK"))).toEqual([]);
    expect((await get(https, "/api/settings/", ca)).status).toBe(200);
  });
});

/** A connection that sends a text and then nothing more. */
function slow(port: number, ca: Buffer, text: string) {
  let said = "";
  const socket = connect({ host: "127.0.0.1", port, ca, servername: "errors.example.com" }, () => socket.write(text));
  const closed = new Promise<void>((done) => socket.once("close", () => done()));
  socket
    .on("error", () => {})
    .on("data", (chunk) => {
      said += chunk;
    });
  return { closed, answer: () => said };
}

/** Waits until so many of the connections were told to wait, and returns how many were. */
const until429 = (all: readonly ReturnType<typeof slow>[], count: number): Promise<number> =>
  retry({
    clock: systemClock,
    signal: new AbortController().signal,
    deadlineMs: 20_000,
    pauseMs: { first: 20, longest: 200 },
    attempt: async () => {
      const told = all.filter(({ answer }) => answer().startsWith("HTTP/1.1 429")).length;
      return told >= count ? told : undefined;
    },
    late: () => new CodedError("GC1203", `fewer than ${count} connections were refused`),
  });

const nginx = findProgram("nginx");

interface Served extends AsyncDisposable {
  readonly http: number;
  readonly https: number;
  readonly ca: Buffer;
}

/** Runs nginx on loopback with the page's file, which `edit` may change, before the emulator. */
async function serveAsIn(program: string, edit: (snippet: string) => string = (text) => text): Promise<Served> {
  using folders = cliFolders();
  return await serve(program, edit(await initAsIn("nginx on the host", folders, ".glitchtip/proxy/nginx.conf")));
}

/** Runs nginx on loopback with a file that `init` wrote, before the emulator. */
async function serve(program: string, snippet: string): Promise<Served> {
  const folders = cliFolders();
  const server = await startServer({ generation: "6" });
  const [http, https] = [await freePort(), await freePort()];
  const at = (name: string) => join(folders.temporary, name);
  const files = { certificate: at("cert.pem"), key: at("key.pem") };
  makeSelfSigned(files, ["errors.example.com"], 2);
  const own = snippet
    .replace("listen 80;", `listen 127.0.0.1:${http};`)
    .replace("listen 443 ssl;", `listen 127.0.0.1:${https} ssl;`)
    .replace(/\/etc\/letsencrypt\S*fullchain\.pem/, files.certificate)
    .replace(/\/etc\/letsencrypt\S*privkey\.pem/, files.key)
    .replace(/^\tresolver .*\n/m, "")
    .replaceAll(/http:\/\/(127\.0\.0\.1|glitchtip):8000;/g, `${server.url};`);
  writeFileSync(at("glitchtip.conf"), own);
  mkdirSync(at("bodies"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  writeFileSync(
    at("nginx.conf"),
    [
      `daemon off; pid ${at("pid")}; error_log stderr; events {}`,
      `http { access_log off; ${temporary.map((name) => `${name}_temp_path ${at("bodies")};`).join(" ")}`,
      `include ${at("glitchtip.conf")}; }`,
    ].join("\n"),
  );
  const args = ["-c", at("nginx.conf"), "-p", folders.temporary, "-e", "stderr"];
  execFileSync(program, ["-t", ...args], { stdio: "pipe" });
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "ignore"] });
  const ca = readFileSync(files.certificate);
  const dispose = async () => {
    await ended(child);
    await server.close();
    folders[Symbol.dispose]();
  };
  try {
    await untilServed(() => get(https, "/api/settings/", ca));
  } catch (error) {
    await dispose();
    throw error;
  }
  return { http, https, ca, [Symbol.asyncDispose]: dispose };
}

async function ended(child: ChildProcess): Promise<void> {
  const over = new Promise((done) => child.once("close", done));
  child.kill("SIGTERM");
  await over;
}

const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Sends a request whose certificate has to be valid for the domain, as a browser's has. */
const get = (port: number, path: string, ca: Buffer, body?: Buffer, localAddress?: string): Promise<Answer> =>
  new Promise((done, fail) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path,
        ca,
        ...(localAddress === undefined ? {} : { localAddress }),
        servername: "errors.example.com",
        method: body === undefined ? "GET" : "POST",
        headers: { host: "errors.example.com", ...(body && { "content-length": body.length }) },
      },
      (answer) => {
        answer.resume();
        done({ status: answer.statusCode ?? 0, headers: answer.headers });
      },
    );
    sent.on("error", fail);
    // nginx answers from the stated length, before it reads the body.
    if (body === undefined) sent.end();
    else sent.write(body.subarray(0, 1_000));
  });

const untilServed = (attempt: () => Promise<Answer>): Promise<Answer> =>
  retry({
    clock: systemClock,
    signal: new AbortController().signal,
    deadlineMs: 20_000,
    pauseMs: { first: 20, longest: 200 },
    attempt: () => attempt().catch(() => undefined),
    late: () => new CodedError("GC1203", "nginx did not serve"),
  });
