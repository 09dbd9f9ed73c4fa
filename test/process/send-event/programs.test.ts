import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSelfSigned, openssl } from "../../support/self-signed.ts";
import { findProgram } from "../../support/shells.ts";
import {
  absent,
  answer,
  dsn,
  ID,
  installed,
  KEY,
  lines,
  listen,
  listening,
  port,
  type Received,
  received,
  root,
  send,
  sh,
} from "./sending.ts";

listening();

describe("send-event", () => {
  it.skipIf(absent.length === 0)("is tried with every program it knows", ({ skip }) => {
    const reason = `not on this machine: ${absent.map(({ program }) => program).join(", ")}`;
    console.warn(`skipped: ${reason}`);
    skip(reason);
  });

  describe.each(installed)("with $program alone", ({ program, via, path }) => {
    it("posts one envelope with one error event", async () => {
      expect(await send({ env: { PATH: path, SENTRY_DSN: dsn() } })).toEqual({
        code: 0,
        stdout: `via=${via} status=200\n`,
        stderr: "",
      });
      expect(received).toHaveLength(1);
      const [request] = received as [Received];
      expect(request).toMatchObject({
        method: "POST",
        path: "/api/7/envelope/",
        headers: {
          host: `127.0.0.1:${port}`,
          "content-type": "application/x-sentry-envelope",
          "x-sentry-auth": `Sentry sentry_version=7, sentry_client=glitchtip-compose, sentry_key=${KEY}`,
        },
      });
      expect(lines(request)).toEqual([
        { event_id: ID },
        { type: "event" },
        {
          event_id: ID,
          platform: "other",
          level: "error",
          message: "a message",
          tags: { "glitchtip-compose": "verify" },
          fingerprint: ["glitchtip-compose: verify"],
        },
      ]);
    });

    it("sends any text unchanged", async () => {
      const text = "'\"\\ $HOME `id` $(id) %s \\n é \u{1F600}\nsecond line\tand more\r\u0001";
      const env = { PATH: path, SENTRY_DSN: dsn(), SENTRY_ENVIRONMENT: 'pro"d', SENTRY_RELEASE: "a\\b@1" };
      expect(await send({ args: [ID, text, "SENTRY_DSN"], env })).toMatchObject({ code: 0 });
      expect(received.flatMap(lines)[2]).toMatchObject({
        message: text.replace(/[\t\r\u0001]/g, " "),
        environment: 'pro"d',
        release: "a\\b@1",
      });
    });

    it("reports the status when the server refuses", async () => {
      for (const status of [301, 401, 403, 429, 500]) {
        const env = { PATH: path, SENTRY_DSN: dsn(`/status-${status}`) };
        expect(await send({ env })).toMatchObject({ code: 1, stdout: `via=${via} status=${status}\n` });
      }
    });

    it.skipIf(program === "busybox")("follows no redirect, which busybox cannot be told", async () => {
      await send({ env: { PATH: path, SENTRY_DSN: dsn("/status-301") } });
      expect(received).toHaveLength(1);
    });

    it("says why when nothing listens", async () => {
      const closed = createServer();
      const freePort = await listen(closed);
      closed.close();
      const env = { PATH: path, SENTRY_DSN: dsn("", `127.0.0.1:${freePort}`) };
      const { code, stdout, stderr } = await send({ env });
      expect({ code, stdout }).toEqual({ code: 1, stdout: `via=${via} status=000\n` });
      expect(stderr).toMatch(/refused|connect/i);
      expect(stderr).not.toContain(KEY);
    });

    it("keeps the path in front of the project", async () => {
      await send({ env: { PATH: path, SENTRY_DSN: dsn("/errors/here") } });
      expect(received.map((request) => request.path)).toEqual(["/errors/here/api/7/envelope/"]);
    });

    it("reaches an IPv6 host", async ({ skip }) => {
      const six = createServer(answer);
      try {
        const sixPort = await listen(six, "::1").catch(() => skip("this machine has no ::1"));
        const env = { PATH: path, SENTRY_DSN: dsn("", `[::1]:${sixPort}`) };
        expect(await send({ env })).toMatchObject({ code: 0 });
        expect(received[0]?.headers.host).toBe(`[::1]:${sixPort}`);
      } finally {
        six.close();
      }
    });

    it("ignores a proxy and options that are meant for the app", async () => {
      const env = {
        PATH: path,
        SENTRY_DSN: dsn(),
        http_proxy: "http://127.0.0.1:1",
        HTTP_PROXY: "http://127.0.0.1:1",
        NODE_OPTIONS: "--require ./none.js",
        RUBYOPT: "-rnone",
        PERL5OPT: "-Mnone",
        PYTHONPATH: "/none",
        BASH_ENV: "/none",
      };
      expect(await send({ env })).toMatchObject({ code: 0, stdout: `via=${via} status=200\n` });
    });
  });

  it("keeps the key out of argument lists, but for wget", async ({ skip }) => {
    const strace = findProgram("strace") ?? skip("no strace on this machine");
    for (const { program, path } of installed.filter(({ via }) => via !== "wget")) {
      const log = join(root, `${program}.strace`);
      await send({
        shell: [strace, "-f", "-s", "100000", "-e", "trace=execve", "-o", log, sh],
        env: { PATH: path, SENTRY_DSN: dsn() },
      });
      const calls = readFileSync(log, "utf8");
      expect(calls).toContain("execve(");
      expect(calls).not.toContain(KEY);
    }
  });

  describe("over https", () => {
    const secure = createTlsServer(answer);
    const [keyFile, certFile] = [join(root, "key.pem"), join(root, "cert.pem")];
    let securePort = 0;

    beforeAll(async () => {
      if (openssl === undefined) return;
      makeSelfSigned({ key: keyFile, certificate: certFile }, ["localhost", "127.0.0.1"], 2);
      secure.setSecureContext({ key: readFileSync(keyFile), cert: readFileSync(certFile) });
      securePort = await listen(secure);
    });
    afterAll(() => {
      secure.close();
      secure.closeAllConnections();
    });

    // The others take their authorities from elsewhere than the environment.
    const trusting = installed.filter(({ program }) =>
      ["node", "python3", "python", "php", "ruby", "curl"].includes(program),
    );

    it.each(trusting)(
      "$program sends to a server whose certificate it trusts, and to no other",
      async ({ via, path }) => {
        if (openssl === undefined) throw new Error("this test needs openssl");
        const env = { PATH: path, SENTRY_DSN: `https://${KEY}@127.0.0.1:${securePort}/7` };
        expect(await send({ env })).toMatchObject({ code: 1, stdout: `via=${via} status=000\n` });
        expect(received).toEqual([]);
        const trust = { NODE_EXTRA_CA_CERTS: certFile, SSL_CERT_FILE: certFile };
        expect(await send({ env: { ...env, ...trust } })).toMatchObject({ code: 0, stdout: `via=${via} status=200\n` });
        expect(received).toHaveLength(1);
      },
    );
  });
});
