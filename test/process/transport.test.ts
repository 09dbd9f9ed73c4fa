import { describe, expect, it } from "vitest";
import { startEmulator } from "../../src/emulator/index.ts";
import { openTransport, type TransportOptions } from "../../src/glitchtip/transport.ts";
import { openHttp } from "../../src/http/client.ts";
import { openNodeHttp } from "../../src/http/node.ts";

const never = new AbortController().signal;
const settings = { method: "GET", path: "/api/settings/", headers: {} } as const;

describe.each([
  ["node:http (the container)", openNodeHttp],
  ["undici (the command line)", openHttp],
])("transport over %s", (_, client) => {
  const open = (url: string, options?: TransportOptions) => openTransport(client, url, options);

  it("gives status, headers and the whole text", async () => {
    await using emulator = await startEmulator();
    const answer = await open(emulator.url).send(settings, never);
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toContain("json");
    expect(JSON.parse(answer.text)).toHaveProperty("version");
  });

  it("says that nothing answers, and that nothing was sent", async () => {
    const { url, close } = await startEmulator();
    await close();
    await expect(open(url).send(settings, never)).rejects.toMatchObject({ code: "GC1201", sent: false });
  });

  it("says that a name does not resolve", async () => {
    await expect(open("http://glitchtip.invalid").send(settings, never)).rejects.toMatchObject({
      code: "GC1201",
      sent: false,
    });
  });

  it.each([
    ["a reset connection", { kind: "reset" }],
    ["a server that never answers", { kind: "hang" }],
    ["an answer that drips", { kind: "drip", bytes: 1, everyMs: 40 }],
    ["an answer shorter than announced", { kind: "content-length", offBy: 5 }],
    ["an answer that is cut", { kind: "truncate" }],
  ] as const)("ends %s within its time, with the outcome unknown", async (_name, effect) => {
    await using emulator = await startEmulator();
    emulator.fault({ effect });
    await expect(open(emulator.url, { requestTimeoutMs: 300 }).send(settings, never)).rejects.toMatchObject({
      code: "GC1208",
      sent: true,
    });
  });

  it("follows no redirect", async () => {
    await using emulator = await startEmulator();
    emulator.fault({ effect: { kind: "redirect", location: "https://elsewhere.example/" } });
    await expect(open(emulator.url).send(settings, never)).resolves.toMatchObject({ status: 301 });
  });

  it("ends with the signal's own reason", async () => {
    await using emulator = await startEmulator();
    emulator.fault({ effect: { kind: "hang" } });
    const stop = new AbortController();
    const sent = open(emulator.url).send(settings, stop.signal);
    stop.abort(new Error("Ctrl-C"));
    await expect(sent).rejects.toThrow("Ctrl-C");
  });
});
