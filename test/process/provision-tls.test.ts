import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PROVISION_SCOPES } from "../../src/provision/token.ts";
import { cliFolders, startCli } from "../support/cli-process.ts";
import { startServer } from "../support/emulator.ts";
import { findProgram } from "../support/shells.ts";

const openssl = findProgram("openssl");
if (openssl === undefined) process.stderr.write("skipped, no openssl here: TLS towards GlitchTip\n");

it.skipIf(openssl === undefined)(
  "a GlitchTip behind TLS is trusted by the declared authority, and by no other",
  async () => {
    using folders = cliFolders();
    const path = (name: string) => join(folders.project, name);
    const subject = ["-subj", "/CN=errors", "-addext", "subjectAltName=IP:127.0.0.1"];
    const make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    execFileSync(openssl ?? "", [...make, "-keyout", path("key.pem"), "-out", path("ca.pem"), ...subject], {
      stdio: "ignore",
    });
    await using emulator = await startServer();
    const tls = { key: readFileSync(path("key.pem")), cert: readFileSync(path("ca.pem")) };
    const front = createServer(tls, ({ method, url, headers }, answer) => {
      const inner = request(new URL(url ?? "/", emulator.url), { method, headers }, (found) => {
        answer.writeHead(found.statusCode ?? 500, found.headers);
        found.pipe(answer);
      });
      answer.req.pipe(inner);
    });
    await new Promise<void>((ready) => front.listen(0, "127.0.0.1", ready));
    const url = `https://127.0.0.1:${(front.address() as AddressInfo).port}`;
    writeFileSync(path("token"), emulator.mintToken(PROVISION_SCOPES, "ours"));
    const declaration = (ca: string) =>
      `version: 1\nserver: { url: "${url}", containerUrl: "https://errors", token: "file:token"${ca} }\norganization: Acme\nprojects: { shop: {} }\napps: { api: { project: shop } }\n`;
    const run = async (ca: string) => {
      writeFileSync(path("glitchtip.yaml"), declaration(ca));
      return await startCli(folders, "-C", folders.project, "provision", "--ready-within", "3").ended;
    };
    try {
      const stranger = await run("");
      expect([stranger.code, stranger.stderr]).toEqual([
        4,
        expect.stringMatching(/TLS failed[\s\S]*server\.ca: file:PATH/),
      ]);
      const trusted = await run(', ca: "file:ca.pem"');
      expect([trusted.code, trusted.stdout], trusted.stderr).toEqual([0, expect.stringMatching(/api +shop +proved/)]);
    } finally {
      front.closeAllConnections();
      front.close();
    }
  },
);
