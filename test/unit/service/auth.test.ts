import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { maySee, openAuth, requireScope, requireServers, signToken } from "../../../src/service/auth.ts";

const SECRET = new Secret("0123456789abcdef0123456789abcdef");
const KEY = new TextEncoder().encode(SECRET.reveal());
const ISSUER = { issuer: "glitchtip-compose", audience: "glitchtip-compose" };
const NOW_MS = Date.UTC(2026, 10, 30);
const NOW = NOW_MS / 1_000;

const token = (change: Partial<Parameters<typeof signToken>[1]> = {}) =>
  signToken(
    SECRET,
    { subject: "ci", id: "t-1", scopes: ["plan"], servers: ["prod-*"], days: 1, ...ISSUER, ...change },
    NOW_MS,
  );

const auth = (more: { readonly revoked?: string } = {}, nowMs = NOW_MS) =>
  openAuth({ ...ISSUER, secret: SECRET, ...more }, () => nowMs);

const signed = (claims: Record<string, unknown>, alg = "HS256", key = KEY) =>
  new SignJWT({ sub: "ci", iss: ISSUER.issuer, aud: ISSUER.audience, exp: NOW + 60, ...claims })
    .setProtectedHeader({ alg })
    .sign(key);

describe("tokens", () => {
  it("say who asks, for which scopes and servers", async () => {
    const caller = await auth().identify(`Bearer ${await token()}`);
    expect(caller).toEqual({ subject: "ci", scopes: new Set(["plan"]), servers: ["prod-*"] });
    expect(maySee(caller, "prod-1")).toBe(true);
    expect(maySee(caller, "staging")).toBe(false);
    expect(() => requireScope(caller, "plan")).not.toThrow();
    expect(() => requireScope(caller, "apply")).toThrow('the token lacks the scope "apply"');
    expect(() => requireServers(caller, ["prod-1", "staging", "dev"])).toThrow(
      "does not allow the servers staging, dev",
    );
  });

  it("allow nothing where they name no scope and no server", async () => {
    const caller = await auth().identify(`Bearer ${await signed({})}`);
    expect(caller).toEqual({ subject: "ci", scopes: new Set(), servers: [] });
  });

  it.each<[string, () => Promise<string | undefined> | string | undefined, RegExp]>([
    ["no header", () => undefined, /no bearer token/],
    ["another scheme", () => "Basic Y2k6Y2k=", /no bearer token/],
    ["garbage", () => "Bearer not.a.token", /Invalid token/],
    ["alg: none", () => `Bearer ${new UnsecuredJWT({ sub: "ci" }).encode()}`, /Invalid token/],
    ["another algorithm", async () => `Bearer ${await signed({}, "HS512")}`, /Invalid token: .*"alg"/],
    ["another secret", async () => `Bearer ${await signed({}, "HS256", new Uint8Array(32))}`, /signature verification/],
    ["another issuer", async () => `Bearer ${await token({ issuer: "other" })}`, /"iss"/],
    ["another audience", async () => `Bearer ${await token({ audience: "other" })}`, /"aud"/],
    ["no end", async () => `Bearer ${await signed({ exp: undefined })}`, /"exp"/],
    ["no subject", async () => `Bearer ${await signed({ sub: undefined })}`, /"sub"/],
    ["an empty subject", async () => `Bearer ${await signed({ sub: "" })}`, /"sub"/],
    ["a subject that is no text", async () => `Bearer ${await signed({ sub: ["ci"] })}`, /"sub"/],
    ["not valid yet", async () => `Bearer ${await signed({ nbf: NOW + 300 })}`, /"nbf"/],
    ["expired", async () => `Bearer ${await signed({ exp: NOW - 60 })}`, /expired at 2026-11-29T23:59:00.000Z.*clock/],
  ])("are refused with GC2001: %s", async (_, header, message) => {
    await expect(auth().identify(await header())).rejects.toMatchObject({
      code: "GC2001",
      message: expect.stringMatching(message),
      remedy: expect.stringContaining("serve token"),
    });
  });

  it("tolerate a clock that is half a minute off", async () => {
    await expect(auth().identify(`Bearer ${await signed({ exp: NOW - 20 })}`)).resolves.toMatchObject({
      subject: "ci",
    });
  });

  it("are refused from the moment on that their subject or id is in the file of revoked ones", async () => {
    const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const revoked = join(folder, "revoked");
    writeFileSync(revoked, "# nobody yet\n");
    const check = auth({ revoked });
    const header = `Bearer ${await token()}`;
    await expect(check.identify(header)).resolves.toMatchObject({ subject: "ci" });
    writeFileSync(revoked, "sub:other\njti:t-1\n");
    await expect(check.identify(header)).rejects.toThrow("Token has been revoked");
    writeFileSync(revoked, "sub:ci\n# jti:t-1 was here\n");
    await expect(check.identify(header)).rejects.toThrow("Token has been revoked");
  });
});

it("no token is accepted while the file of revoked ones cannot be read, and the service does not start without it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const revoked = join(folder, "revoked");
  expect(() => auth({ revoked })).toThrow(`the file of revoked tokens cannot be read: ${revoked}`);
  writeFileSync(revoked, "");
  const check = auth({ revoked });
  rmSync(revoked);
  await expect(check.identify(`Bearer ${await token()}`)).rejects.toMatchObject({ code: "GC2009" });
  writeFileSync(revoked, "");
  await expect(check.identify(`Bearer ${await token()}`)).resolves.toMatchObject({ subject: "ci" });
});

/** An issuer whose keys can be changed, and which can be away. */
async function startIssuer() {
  let keys: readonly JWK[] = [];
  let status = 200;
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    asked: () => asked,
    answer: (code: number) => {
      status = code;
    },
    /** Returns a function that signs with a new key, which takes the place of those before. */
    async rotate(kid: string) {
      const { publicKey, privateKey } = await generateKeyPair("ES256");
      keys = [{ ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" }];
      return async (claims: Record<string, unknown> = {}, named = kid) =>
        `Bearer ${await new SignJWT({ sub: "ci", iss: ISSUER.issuer, aud: ISSUER.audience, exp: NOW + 60, ...claims })
          .setProtectedHeader({ alg: "ES256", kid: named })
          .sign(privateKey)}`;
    },
  };
}

describe("tokens of an issuer with public keys", () => {
  it("are accepted by the keys that the issuer has, also after it has changed them", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
    onTestFinished(() => void vi.useRealTimers());
    const issuer = await startIssuer();
    const check = openAuth({ ...ISSUER, jwks: issuer.url }, () => NOW_MS);
    const first = await issuer.rotate("one");
    await expect(check.identify(await first())).resolves.toMatchObject({ subject: "ci" });
    await expect(check.identify(await first({ exp: NOW - 60 }))).rejects.toThrow(/expired/);
    expect(issuer.asked()).toBe(1);
    const second = await issuer.rotate("two");
    // An unknown key is asked for at most every half a minute, whoever sends it.
    await expect(check.identify(await second())).rejects.toMatchObject({ code: "GC2001" });
    expect(issuer.asked()).toBe(1);
    vi.setSystemTime(NOW_MS + 31_000);
    await expect(check.identify(await second())).resolves.toMatchObject({ subject: "ci" });
    await expect(check.identify(await first())).rejects.toMatchObject({ code: "GC2001" });
    expect(issuer.asked()).toBe(2);
  });

  it("are refused where the key is not the issuer's, and where they are signed with a public text", async () => {
    const issuer = await startIssuer();
    const check = openAuth({ ...ISSUER, jwks: issuer.url, secret: SECRET }, () => NOW_MS);
    const stranger = await issuer.rotate("one");
    await issuer.rotate("one");
    await expect(check.identify(await stranger())).rejects.toThrow(/signature verification/);
    await expect(check.identify(await stranger({}, "other"))).rejects.toMatchObject({ code: "GC2001" });
    await expect(check.identify(`Bearer ${await token()}`)).rejects.toThrow(/"alg"/);
  });

  it("cannot be judged while the issuer is away: the service says so, with 503", async () => {
    const issuer = await startIssuer();
    const check = openAuth({ ...ISSUER, jwks: issuer.url }, () => NOW_MS);
    const signIt = await issuer.rotate("one");
    issuer.answer(500);
    await expect(check.identify(await signIt())).rejects.toMatchObject({
      code: "GC2009",
      message: `the keys of the tokens cannot be read from ${issuer.url}`,
    });
    issuer.answer(200);
    await expect(check.identify(await signIt())).resolves.toMatchObject({ subject: "ci" });
  });
});

describe("the service", () => {
  it("starts with one way to check tokens, and with no secret that can be guessed", () => {
    expect(() => openAuth(ISSUER, () => NOW_MS)).toThrow("no token can be checked without --secret or --jwks");
    expect(() => openAuth({ ...ISSUER, secret: new Secret("dev-secret") }, () => NOW_MS)).toThrow(
      "has 10 bytes; HS256 needs at least 32",
    );
    expect(() => openAuth({ ...ISSUER, jwks: "keys" }, () => NOW_MS)).toThrow("--jwks keys is no URL");
  });
});
