import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { startServer } from "../support/emulator.ts";
import { countsOf, ONE_OF_EACH } from "../support/provisioner-process.ts";
import { hastyClock, provisionHastily, provisionOnce, temporaryFolders } from "../support/provisioning.ts";

describe("an address that is not GlitchTip's", () => {
  const lateAt = (url: string) => {
    const folders = temporaryFolders();
    const run = provisionOnce(url, folders, { clock: hastyClock(), readyWithinMs: 60_000 });
    return run.finally(() => folders[Symbol.dispose]());
  };

  it("where nothing listens is not ready in time, and the reason is said", async () => {
    const server = createServer();
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const { port } = server.address() as AddressInfo;
    await new Promise((done) => server.close(done));
    await expect(lateAt(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: "GC1203",
      message: expect.stringContaining("nothing answers at this address"),
    });
  });

  it("whose name does not resolve is not ready in time, and the reason is said", async () => {
    // A label of 64 characters is refused without asking a name server.
    await expect(lateAt(`http://${"x".repeat(64)}.invalid:8000`)).rejects.toMatchObject({
      code: "GC1203",
      message: expect.stringContaining(".invalid:8000/api/settings/: the host's name does not resolve"),
    });
  });

  it("where another product answers in HTML is named as that, soon", async () => {
    const server = createServer((_, response) => {
      response.setHeader("content-type", "text/html; charset=utf-8").end("<title>Grafana</title>");
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const { port } = server.address() as AddressInfo;
    await expect(lateAt(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: "GC1202",
      message: `GET http://127.0.0.1:${port}/api/settings/: 200 with text/html; charset=utf-8 instead of JSON`,
      remedy: expect.stringContaining("address and port"),
    });
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  it("that is overloaded while it starts is waited for", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    emulator.fault({ path: /settings/, times: 5, effect: { kind: "rate-limit", retryAfter: 1 } });
    emulator.fault({ path: /settings/, nth: 6, times: 5, effect: { kind: "truncate" } });
    await provisionHastily(emulator, folders, { readyWithinMs: 300_000 });
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });
});
