import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { type Ask, asking, EVENT_ID, makeShop, sendEvent } from "./asking.ts";
import { ADMIN } from "./player.ts";

/** These answers were read in the source and the documents of 6, not recorded. */
describe("the emulator as GlitchTip 6 (read, not recorded)", () => {
  let emulator: Emulator;
  let ask: Ask;
  let key: string;

  beforeEach(async () => {
    emulator = await startEmulator({ generation: "6", superuser: ADMIN, registration: "open", now: () => 0 });
    ask = asking(emulator);
    key = await makeShop(ask);
  });
  afterEach(() => emulator.close());

  it("answers unknown paths below the API with a JSON 404", async () => {
    expect(await ask("GET", "/api/0/nothing-here/")).toMatchObject({ status: 404, body: { detail: "Not Found" } });
    expect((await ask("GET", "/api/0/projects/acme/shop/keys/abc/")).status).toBe(404);
  });

  it("tests an alert, which earlier generations cannot", async () => {
    const alerts = "/api/0/projects/acme/shop/alerts/";
    const hook = { recipientType: "webhook", url: "https://hooks.example.com/a" };
    await ask("POST", alerts, { name: "a", alertRecipients: [{ recipientType: "email" }, hook] });
    expect(await ask("POST", `${alerts}1/test/`, {})).toMatchObject({
      status: 200,
      body: [
        { recipientType: "email", status: "skipped", message: null },
        { recipientType: "webhook", status: "sent", message: null },
      ],
    });
    expect((await ask("POST", `${alerts}2/test/`, {})).status).toBe(404);
    await using earlier = await startEmulator({ generation: "5.2", superuser: ADMIN });
    expect((await asking(earlier)("POST", `${alerts}1/test/`, {})).status).toBe(200);
  });

  it("states a version of its own generation", async () => {
    expect((await ask("GET", "/api/settings/")).body).toMatchObject({ version: expect.stringMatching(/^6\./) });
  });

  it("blocks a wrong key, but not the right key of the project", async () => {
    const wrong = "00000000-0000-4000-8000-000000000000";
    expect((await sendEvent(ask, wrong, "x")).status).toBe(403);
    expect((await sendEvent(ask, key, "x")).status).toBe(200);
  });

  it("returns an event after the worker has written it", async () => {
    await sendEvent(ask, key, "hello");
    const path = `/api/0/projects/acme/shop/events/${EVENT_ID}/`;
    expect((await ask("GET", path)).status).toBe(404);
    emulator.advance(1_000);
    expect(await ask("GET", path)).toMatchObject({ status: 200, body: { eventID: EVENT_ID, title: "hello" } });
  });

  it("keeps the slug of a deleted organization until the worker has removed it", async () => {
    const slugOfNext = async () => {
      const { body } = await ask("POST", "/api/0/organizations/", { name: "Acme" });
      return (body as { slug: string }).slug;
    };
    await ask("DELETE", "/api/0/organizations/acme/");
    expect((await ask("GET", "/api/0/organizations/acme/")).status).toBe(404);
    expect(await slugOfNext()).toMatch(/^acme-..$/);
    emulator.advance(1_000);
    expect(await slugOfNext()).toBe("acme");
  });

  it("masks tokens in their list", async () => {
    const { cookie } = await signIn();
    const { body } = await ask("GET", "/api/0/api-tokens/", undefined, { cookie });
    expect(body).toEqual([expect.objectContaining({ token: expect.not.stringMatching(/^[0-9a-f]{64}$/) })]);
  });

  it("has more types of recipients, and returns their configuration in clear text", async () => {
    const fields = { botEmail: "bot@example.com", apiKey: "k", channel: "c" };
    const recipient = { recipientType: "zulip", url: "https://zulip.example.com/", tagsToAdd: ["release"] };
    const make = (one: object) =>
      ask("POST", "/api/0/projects/acme/shop/alerts/", {
        name: "z",
        timespanMinutes: 1,
        quantity: 1,
        alertRecipients: [one],
      });
    const config = { bot_email: "bot@example.com", api_key: "k", channel: "c", topic: "GlitchTip Alerts" };
    expect(await make({ ...recipient, ...fields })).toMatchObject({
      status: 201,
      body: { alertRecipients: [{ ...recipient, config }] },
    });
    expect(await make({ ...recipient, config: fields })).toMatchObject({
      status: 422,
      body: { detail: [{ type: "missing", loc: expect.arrayContaining(["botEmail"]) }] },
    });
  });

  it.each(["http://10.0.0.1/x", "http://relay:9000/x", "http://localhost/x"])(
    "refuses the inner address %s for alerts and monitors",
    async (url) => {
      const alert = { name: "p", alertRecipients: [{ recipientType: "webhook", url }] };
      expect((await ask("POST", "/api/0/projects/acme/shop/alerts/", alert)).status).toBe(422);
      const monitor = { monitorType: "Ping", name: "m", url, interval: 60, timeout: 20 };
      const rest = { expectedStatus: 200, expectedBody: "" };
      const made = await ask("POST", "/api/0/organizations/acme/monitors/", { ...monitor, ...rest });
      expect(made.status).toBe(422);
    },
  );

  it.each([
    ["TCP Port", "10.0.0.1:5432", 422],
    ["SSL", "https://10.0.0.1", 201],
  ])("looks at the address of a monitor of type %s", async (monitorType, url, status) => {
    const rest = { name: "m", interval: 60, timeout: 20, expectedStatus: null, expectedBody: "" };
    const made = await ask("POST", "/api/0/organizations/acme/monitors/", { monitorType, url, ...rest });
    expect(made.status).toBe(status);
  });

  it("requires the interval of a monitor", async () => {
    const monitor = { monitorType: "Ping", name: "m", url: "https://a.example", timeout: 20 };
    const made = await ask("POST", "/api/0/organizations/acme/monitors/", {
      ...monitor,
      expectedStatus: 200,
      expectedBody: "",
    });
    expect(made).toMatchObject({ status: 422, body: { detail: [{ type: "missing" }] } });
  });

  it("answers an invitation with its link", async () => {
    const person = { email: "dev@example.com", orgRole: "member", teamRoles: [] };
    const invited = await ask("POST", "/api/0/organizations/acme/members/", person);
    expect(invited.body).toMatchObject({ inviteLink: expect.stringContaining("/accept/") });
  });

  it("requires the origin of a write behind TLS", async () => {
    const tls = { "x-forwarded-proto": "https" };
    const { host } = new URL(emulator.url);
    expect((await signIn(tls)).status).toBe(403);
    expect((await signIn({ ...tls, origin: `https://${host}` })).status).toBe(200);
  });

  it("sets secure cookies for an https domain, whose origin it trusts", async () => {
    await using secured = await startEmulator({ superuser: ADMIN, domain: "https://errors.example.com" });
    const { setCookies, status } = await signIn({ origin: "https://errors.example.com" }, secured);
    expect(status).toBe(200);
    expect(setCookies).toEqual([expect.stringContaining("; Secure"), expect.stringContaining("; Secure")]);
  });

  async function signIn(headers: Record<string, string> = {}, server = emulator) {
    const config = await fetch(`${server.url}/_allauth/browser/v1/config`);
    const csrf = /csrftoken=(\w+)/.exec(config.headers.get("set-cookie") ?? "")?.[1] ?? "";
    const response = await fetch(`${server.url}/_allauth/browser/v1/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie: `csrftoken=${csrf}`, "x-csrftoken": csrf, ...headers },
      body: JSON.stringify(ADMIN),
    });
    const setCookies = response.headers.getSetCookie();
    return { status: response.status, setCookies, cookie: setCookies.map((one) => one.split(";")[0]).join("; ") };
  }
});
