import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkServing } from "../../src/checks/doctor/stack-checks.ts";
import { certificateProblems, expiryOf } from "../../src/checks/production/certificate.ts";
import { ask, type Front, servedCertificate } from "../../src/checks/production/served.ts";
import { stackStatus } from "../../src/checks/status.ts";
import type { ComposeConfig } from "../../src/compose/model.ts";
import { loadDeclaration } from "../../src/config/load.ts";
import { observeStack } from "../../src/running/observe.ts";
import { type CliFolders, cliFolders, startCli } from "../support/cli-process.ts";
import { container, fakeDocker } from "../support/fake-docker.ts";
import { makeSelfSigned, openssl } from "../support/self-signed.ts";
import { declarationWith } from "../support/stack.ts";

const DOMAIN = "errors.example.com";
const DAY_MS = 24 * 60 * 60 * 1_000;
if (openssl === undefined) process.stderr.write("skipped, no openssl here: certificates\n");

describe.skipIf(openssl === undefined)("the user's own certificate", () => {
  let folders: CliFolders;
  const at = (name: string) => join(folders.project, name);
  const read = (name: string) => readFileSync(at(name), "utf8");

  const make = (name: string, domain: string) =>
    makeSelfSigned({ certificate: at(`${name}.pem`), key: at(`${name}.key`) }, [domain], 90);

  beforeAll(() => {
    folders = cliFolders();
    make("good", DOMAIN);
    make("other", "other.example.com");
  });
  afterAll(() => folders[Symbol.dispose]());

  it("is accepted with the right domain, key and dates", () => {
    expect(certificateProblems(read("good.pem"), read("good.key"), DOMAIN, Date.now())).toEqual([]);
  });

  it.each([
    ["of another name", "other", "other", 0, [/not for errors\.example\.com, but for other\.example\.com/]],
    ["with another's key", "good", "other", 0, [/key does not belong/]],
    ["that has ended", "good", "good", 91, [/ended on \d{4}-/]],
    ["of the future", "good", "good", -2, [/valid only from/]],
    ["of another name, with another's key, ended", "other", "good", 91, [/key does not/, /not for/, /ended/]],
  ])("%s is refused, with all that is wrong with it", (_, certificate, key, days, reasons) => {
    const nowMs = Date.now() + days * DAY_MS;
    const problems = certificateProblems(read(`${certificate}.pem`), read(`${key}.key`), DOMAIN, nowMs);
    expect(problems).toEqual(reasons.map((reason) => expect.stringMatching(reason)));
  });

  it("is refused when it or its key cannot be parsed", () => {
    expect(certificateProblems("-", read("good.key"), DOMAIN, 0)).toEqual(["the certificate is no PEM certificate"]);
    expect(certificateProblems(read("good.pem"), "-", DOMAIN, Date.now())).toEqual([
      expect.stringMatching(/no PEM private key/),
    ]);
  });

  it("is refused by init --tls own with the names of its files, and nothing is written", async () => {
    writeFileSync(at("compose.yaml"), "services: {api: {image: a, entrypoint: [node], command: [x]}}\n");
    const production = ["--production", "--domain", DOMAIN, "--tls", "own", "--no-preflight", "--app", "api=shop"];
    const own = (name: string) => ["--certificate", "good.pem", "--key", name];
    await using refused = startCli(folders, "init", "--yes", ...production, ...own("other.key"));
    expect(await refused.ended).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(
      /GC1111[\s\S]*key does not belong to the certificate \(file:good\.pem, file:other\.key\)/,
    );
    await using missing = startCli(folders, "init", "--yes", ...production, ...own("nowhere.key"));
    expect(await missing.ended).toMatchObject({ code: 1 });
    expect(missing.stderr).toContain("there is no file nowhere.key");
    await using taken = startCli(folders, "init", "--yes", ...production, ...own("good.key"));
    expect(await taken.ended).toMatchObject({ code: 0 });
    expect(read("glitchtip.yaml")).toContain("tls: { mode: own, certificate: file:good.pem, key: file:good.key }");
  });

  it("is near its end in the last sixth of its lifetime, at most three weeks before the end", () => {
    const of = (lifeMs: number, leftMs: number) =>
      expiryOf({ validFrom: new Date(0).toUTCString(), validTo: new Date(lifeMs).toUTCString() }, lifeMs - leftMs)
        .state;
    expect([of(90 * DAY_MS, 16 * DAY_MS), of(90 * DAY_MS, 14 * DAY_MS), of(90 * DAY_MS, 0)]).toEqual([
      "ok",
      "near",
      "over",
    ]);
    expect([of(365 * DAY_MS, 22 * DAY_MS), of(365 * DAY_MS, 20 * DAY_MS)]).toEqual(["ok", "near"]);
    expect([of(DAY_MS / 2, DAY_MS / 6), of(DAY_MS / 2, DAY_MS / 24)]).toEqual(["ok", "near"]);
  });

  it("is reported by status and doctor when it was not renewed, and when none is served", async () => {
    const server = createServer({ cert: read("good.pem"), key: read("good.key") });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const declared = declarationWith(
      "production: { domain: errors.example.com, tls: { mode: own, certificate: 'file:c', key: 'file:k' } }",
    );
    const declaration = loadDeclaration(declared, "glitchtip.yaml");
    const ports = [{ target: 443, published: String(port) }];
    const config: Partial<ComposeConfig> = { services: { "glitchtip-proxy": { ports } } };
    const docker = fakeDocker({ config, containers: [container("glitchtip-proxy")] });
    const nearEndMs = Date.now() + 80 * DAY_MS;
    try {
      const seen = await stackStatus(docker, declaration, { dir: "/nowhere", nowMs: nearEndMs });
      expect(seen).toMatchObject({ state: "broken", certificate: { state: "near" } });
      expect(seen.next.join()).toMatch(/certificate: it ends on .* and was not renewed: Put the new certificate/);
      const stack = await observeStack(docker);
      const found = (nowMs: number) => checkServing(docker, declaration, stack, nowMs);
      expect(await found(nearEndMs)).toMatchObject([{ check: "certificate", level: "fail" }]);
      expect(await found(Date.now())).toMatchObject([{ check: "certificate", level: "ok" }]);
      server.close();
      expect(await found(Date.now())).toMatchObject([{ check: "certificate", level: "warn" }]);
    } finally {
      server.close();
    }
  });

  it("is read from a running server: its end, its domain, and whether it is trusted", async () => {
    const server = createServer({ cert: read("good.pem"), key: read("good.key") }, (request, response) => {
      request.resume();
      response.writeHead(request.headers.host === DOMAIN ? 200 : 400, { "x-frame-options": "DENY" }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const front: Front = { domain: DOMAIN, host: "127.0.0.1", httpPort: 1, httpsPort: port };
    try {
      expect(await servedCertificate(front, Date.now())).toMatchObject({
        known: true,
        forDomain: true,
        trusted: false,
        state: "ok",
      });
      const trusting = { ...front, authority: read("good.pem") };
      expect(await servedCertificate(trusting, Date.now())).toMatchObject({ trusted: true });
      expect(await servedCertificate({ ...front, domain: "x.example.com" }, 0)).toMatchObject({ forDomain: false });
      expect(await ask(front, "https", "/")).toMatchObject({ status: 200, headers: { "x-frame-options": "DENY" } });
      expect(await ask(front, "http", "/")).toMatchObject({
        known: false,
        reason: expect.stringContaining("ECONNREFUSED"),
      });
    } finally {
      server.close();
    }
  });
});
