import { describe, expect, it } from "vitest";
import { lineLog } from "../../../src/base/log.ts";
import { waitReady } from "../../../src/glitchtip/ready.ts";
import { HttpError } from "../../../src/http/http.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { type FakeTransport, fakeTransport, json, page } from "../../support/fake-transport.ts";

function wait(transport: FakeTransport, { deadlineMs = 60_000, clock = fakeClock() } = {}) {
  const lines: string[] = [];
  const log = lineLog((line) => lines.push(line));
  const settings = waitReady({
    transport,
    clock,
    signal: new AbortController().signal,
    deadlineMs,
    log,
  });
  return { settings, lines };
}

const nobody = new HttpError("unreachable", "GET …", "nothing answers at this address", "", undefined);
const settings = json({ version: "6.2.6", enableUserRegistration: false, other: 1 });

describe("waiting for the server", () => {
  it("resolves with its settings", async () => {
    await expect(wait(fakeTransport(settings)).settings).resolves.toMatchObject({ version: "6.2.6" });
  });

  it("continues while nothing answers, tables are missing, a proxy starts, or it is overloaded", async () => {
    const onItsWay = [nobody, json({}, 500), page("502", 502), json({}, 429), { ...json({}), text: "{" }];
    const transport = fakeTransport(...onItsWay, ...onItsWay, settings);
    await expect(wait(transport).settings).resolves.toMatchObject({ version: "6.2.6" });
  });

  it("tolerates two pages in a row, which a starting proxy may show", async () => {
    const transport = fakeTransport(page("starting"), page("starting"), json({}, 503), page("starting"), settings);
    await expect(wait(transport).settings).resolves.toBeDefined();
  });

  it("throws at the third in a row, which means another product", async () => {
    const transport = fakeTransport(page("Grafana"));
    await expect(wait(transport).settings).rejects.toMatchObject({ code: "GC1202" });
    expect(transport.requests).toHaveLength(3);
  });

  it("throws at once at a redirect", async () => {
    const transport = fakeTransport({ status: 301, headers: { location: "https://x/" }, text: "" });
    await expect(wait(transport).settings).rejects.toMatchObject({ code: "GC1204" });
    expect(transport.requests).toHaveLength(1);
  });

  it("logs every ten seconds what it waits for and the last answer, which is in the error, too", async () => {
    const { settings: never, lines } = wait(fakeTransport(json({ detail: "no tables" }, 500)));
    await expect(never).rejects.toMatchObject({
      code: "GC1203",
      exitCode: 4,
      message:
        "http://glitchtip:8000/api/settings/ was not ready within 60 s; last: GET http://glitchtip:8000/api/settings/: 500 no tables",
    });
    expect(lines.length).toBeGreaterThanOrEqual(4);
    for (const line of lines) {
      expect(line).toMatch(
        /^still waiting for http:\/\/glitchtip:8000\/api\/settings\/ after \d\d s; last: .*500 no tables\n$/,
      );
    }
  });

  it("reports the given time although the last attempt took longer", async () => {
    const clock = fakeClock();
    const slow = fakeTransport(() => {
      clock.pass(1_500);
      throw nobody;
    });
    const { settings: never } = wait(slow, { deadlineMs: 2_000, clock });
    await expect(never).rejects.toMatchObject({ message: expect.stringContaining("was not ready within 2 s; last: ") });
  });
});
