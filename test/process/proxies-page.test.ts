import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
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

  it("nginx: the file gives a padlock, redirects HTTP and refuses a large body", async ({ skip }) => {
    const nginx = findProgram("nginx");
    if (nginx === undefined || openssl === undefined) return skip("no nginx or no openssl on this machine");
    using folders = cliFolders();
    const snippet = await initAsIn("nginx", folders, ".glitchtip/proxy/nginx.conf");
    await using server = await startServer({ generation: "6" });
    const [http, https] = [await freePort(), await freePort()];
    const at = (name: string) => join(folders.temporary, name);
    const files = { certificate: at("cert.pem"), key: at("key.pem") };
    makeSelfSigned(files, ["errors.example.com"], 2);
    const own = snippet
      .replace("listen 80;", `listen 127.0.0.1:${http};`)
      .replace("listen 443 ssl;", `listen 127.0.0.1:${https} ssl;`)
      .replace(/\/etc\/letsencrypt\S*fullchain\.pem/, files.certificate)
      .replace(/\/etc\/letsencrypt\S*privkey\.pem/, files.key)
      .replaceAll("http://127.0.0.1:8000;", `${server.url};`);
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
    execFileSync(nginx, ["-t", ...args], { stdio: "pipe" });
    const child = spawn(nginx, args, { stdio: ["ignore", "ignore", "pipe"] });
    try {
      const ca = readFileSync(files.certificate);
      const settings = await untilServed(() => get(https, "/api/settings/", ca));
      expect(settings.status).toBe(200);
      expect(settings.headers["strict-transport-security"]).toBe("max-age=31536000");
      const redirect = await fetch(`http://127.0.0.1:${http}/x`, {
        redirect: "manual",
        headers: { host: "errors.example.com" },
      });
      expect(redirect.status).toBe(308);
      const large = await get(https, "/api/0/organizations/", ca, Buffer.alloc(6_000_000));
      expect(large.status).toBe(413);
    } finally {
      await ended(child);
    }
  });
});

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
const get = (port: number, path: string, ca: Buffer, body?: Buffer): Promise<Answer> =>
  new Promise((done, fail) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path,
        ca,
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
