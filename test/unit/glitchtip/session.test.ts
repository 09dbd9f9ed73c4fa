import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { signIn } from "../../../src/glitchtip/session.ts";
import type { HttpAnswer } from "../../../src/http/http.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { type FakeTransport, fakeTransport, json, page } from "../../support/fake-transport.ts";

const sign = (transport: FakeTransport) =>
  signIn({
    transport,
    clock: fakeClock(),
    signal: new AbortController().signal,
    email: "admin@example.com",
    password: new Secret("Correct-Horse-7"),
  });

const AGE = "expires=Fri, 30 Jul 2027 10:00:00 GMT; Max-Age=31449600; Path=/; SameSite=Lax";
const config = json({ status: 200 }, 200, { "set-cookie": [`csrftoken=first; ${AGE}`] });
const signedIn = json({ status: 200, meta: { is_authenticated: true } }, 200, {
  "set-cookie": [`csrftoken=second; ${AGE}`, `sessionid=s; expires=…; HttpOnly; Secure; ${AGE}`],
});
const minted = json({ id: 3, label: "l", scopes: ["org:read"], token: "f".repeat(64) }, 201);
const refused = (code: string, status = 400) => json({ status, errors: [{ code, message: "…" }] }, status);

const cookiesOf = (transport: FakeTransport) =>
  transport.requests.map(({ headers }) => [headers.cookie, headers["x-csrftoken"]]);

describe("signing in", () => {
  it("sends the current cookies with each request, because the sign-in changes the CSRF value", async () => {
    const transport = fakeTransport(config, signedIn, minted);
    await (await sign(transport)).mintToken("l", ["org:read"]);
    expect(cookiesOf(transport)).toEqual([
      [undefined, undefined],
      ["csrftoken=first", "first"],
      ["csrftoken=second; sessionid=s", "second"],
    ]);
  });

  it("keeps Secure cookies over http, as 6.x needs it behind TLS", async () => {
    const transport = fakeTransport(config, signedIn, json([]));
    await (await sign(transport)).tokens();
    expect(transport.requests[2]?.headers.cookie).toContain("sessionid=s");
  });

  it("sends origin and referer with writes, which Django requires behind TLS", async () => {
    const transport = fakeTransport(config, signedIn);
    await sign(transport);
    const [first, login] = transport.requests;
    expect(first?.headers).not.toHaveProperty("origin");
    expect(login?.headers).toMatchObject({ origin: "http://glitchtip:8000", referer: "http://glitchtip:8000/" });
  });

  it("removes a cookie that the server deletes", async () => {
    const ended = json({}, 401, { "set-cookie": ['sessionid=""; Max-Age=0; Path=/'] });
    const transport = fakeTransport(config, signedIn, ended, json([]));
    const session = await sign(transport);
    await session.signOut();
    await session.tokens();
    expect(transport.requests[3]?.headers.cookie).toBe("csrftoken=second");
  });

  it("accepts a single cookie that is not a list, and ignores an invalid one", async () => {
    const odd = json({ status: 200 }, 200, { "set-cookie": "csrftoken=only; Path=/" });
    const transport = fakeTransport(
      odd,
      json({ status: 200 }, 200, { "set-cookie": ["nonsense", "=x; Path=/"] }),
      json([]),
    );
    await (await sign(transport)).tokens();
    expect(transport.requests[2]?.headers.cookie).toBe("csrftoken=only");
  });

  it("succeeds where it is signed in already", async () => {
    await expect(sign(fakeTransport(config, json({ status: 409 }, 409)))).resolves.toBeDefined();
  });
});

describe("a sign-in that is refused", () => {
  it.each<[string, HttpAnswer, string]>([
    ["for the password", refused("email_password_mismatch"), "GC1301"],
    ["for too many attempts", refused("too_many_login_attempts"), "GC1303"],
    [
      "until one more step is done",
      json({ status: 401, data: { flows: [{ id: "mfa_authenticate" }] } }, 401),
      "GC1305",
    ],
    ["for another reason", refused("invalid"), "GC1206"],
    ["by a page", page("403 Forbidden", 403), "GC1206"],
  ])("%s is asked once", async (_, answer, code) => {
    const transport = fakeTransport(config, answer);
    await expect(sign(transport)).rejects.toMatchObject({ code });
    expect(transport.requests).toHaveLength(2);
  });

  it("names the account but never the password", async () => {
    const error = await sign(fakeTransport(config, refused("email_password_mismatch"))).catch((e: Error) => e);
    expect(inspect(error, { depth: 9 })).not.toContain("Horse");
    expect(String(error)).toContain("admin@example.com");
  });
});

it("a sign-in without an answer is retried fewer than five times, because five failures lock the account", async () => {
  const transport = fakeTransport(config, json({}, 502));
  await expect(sign(transport)).rejects.toMatchObject({ code: "GC1205" });
  const attempts = transport.requests.filter(({ path }) => path.endsWith("/login"));
  expect(attempts.length).toBeGreaterThan(1);
  expect(attempts.length).toBeLessThan(5);
});
