import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defined } from "../../src/base/defined.ts";
import { type Emulator, type FaultEffect, startEmulator } from "../../src/emulator/index.ts";
import { type Ask, asking } from "./asking.ts";
import { ADMIN } from "./player.ts";

describe("faults of the emulator", () => {
  let emulator: Emulator;
  let ask: Ask;

  beforeEach(async () => {
    emulator = await startEmulator({ superuser: ADMIN });
    ask = asking(emulator);
  });
  afterEach(() => emulator.close());

  const create = () => ask("POST", "/api/0/organizations/", { name: "Acme" });
  const made = () => emulator.snapshot().organizations.length;
  const onCreate = (effect: FaultEffect) => emulator.fault({ method: "POST", path: /organizations/, effect });

  it("answer once with the given status, before the server acts", async () => {
    onCreate({ kind: "answer", status: 502, body: "<html>bad gateway</html>" });
    expect(await create()).toMatchObject({ status: 502, body: "<html>bad gateway</html>" });
    expect(made()).toBe(0);
    expect((await create()).status).toBe(201);
  });

  it("answer JSON if the body is a value, after the server has acted if `acted` is set", async () => {
    onCreate({ kind: "answer", status: 500, body: { detail: "boom" }, acted: true });
    expect(await create()).toMatchObject({ status: 500, body: { detail: "boom" } });
    expect(made()).toBe(1);
  });

  it.each([
    [7, "7"],
    [new Date(Date.UTC(2030, 0, 1)), "Tue, 01 Jan 2030 00:00:00 GMT"],
    [undefined, "1"],
  ])("ask to wait with Retry-After %s", async (retryAfter, header) => {
    onCreate({ kind: "rate-limit", ...defined({ retryAfter }) });
    const { status, headers } = await create();
    expect([status, headers.get("retry-after")]).toEqual([429, header]);
  });

  it.each([
    [false, 0],
    [true, 1],
  ])("reset the connection, and the server has acted: %s", async (acted, organizations) => {
    onCreate({ kind: "reset", acted });
    await expect(create()).rejects.toThrow("fetch failed");
    expect(made()).toBe(organizations);
    expect(emulator.requests.at(-1)).toEqual({ method: "POST", path: "/api/0/organizations/", status: 0 });
  });

  it("never answer", async () => {
    onCreate({ kind: "hang" });
    const answer = fetch(`${emulator.url}/api/0/organizations/`, { method: "POST", signal: AbortSignal.timeout(50) });
    await expect(answer).rejects.toThrow("timeout");
  });

  it("send the real answer in pieces", async () => {
    emulator.fault({ path: /_health/, effect: { kind: "drip", everyMs: 1 } });
    expect(await ask("GET", "/_health/")).toMatchObject({ status: 200, body: "ok" });
  });

  it("delay the real answer", async () => {
    emulator.fault({ path: /_health/, effect: { kind: "delay", delayMs: 1 } });
    expect(await ask("GET", "/_health/")).toMatchObject({ status: 200, body: "ok" });
  });

  it("truncate the body of the real answer", async () => {
    onCreate({ kind: "truncate" });
    await expect(create()).rejects.toThrow("terminated");
    expect(made()).toBe(1);
  });

  it.each([5, -5])("send a content-length that is wrong by %i", async (offBy) => {
    onCreate({ kind: "content-length", offBy });
    const raw = await rawAnswer(emulator, "POST", "/api/0/organizations/");
    const [head = "", body = ""] = raw.split("\r\n\r\n");
    expect(Number(/content-length: (\d+)/.exec(head)?.[1])).toBe(body.length + offBy);
  });

  it("redirect to https, like a proxy", async () => {
    onCreate({ kind: "redirect" });
    const { status, headers } = await create();
    expect([status, headers.get("location")]).toEqual([
      301,
      `https://${new URL(emulator.url).host}/api/0/organizations/`,
    ]);
  });

  it("answer an API request with a web page", async () => {
    emulator.fault({ path: /settings/, effect: { kind: "html" } });
    const { status, headers } = await ask("GET", "/api/settings/");
    expect([status, headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  });

  it("can be set at the start and cleared", async () => {
    const effect: FaultEffect = { kind: "answer", status: 503 };
    await using broken = await startEmulator({ faults: [{ times: Number.POSITIVE_INFINITY, effect }] });
    const status = async () => (await fetch(`${broken.url}/_health/`)).status;
    expect([await status(), await status()]).toEqual([503, 503]);
    broken.clearFaults();
    expect(await status()).toBe(200);
  });
});

/** Returns the bytes of one answer, which an HTTP client would not show. */
function rawAnswer(emulator: Emulator, method: string, path: string): Promise<string> {
  const { hostname, port, host } = new URL(emulator.url);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () =>
      socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`),
    );
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}
