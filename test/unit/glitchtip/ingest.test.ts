import { describe, expect, it } from "vitest";
import { sendEmptyEnvelope, sendEvent } from "../../../src/glitchtip/ingest.ts";
import type { Transport } from "../../../src/glitchtip/transport.ts";
import { alertShape } from "../../../src/glitchtip/wire/alert.ts";
import { managedKeyShape, monitorShape } from "../../../src/glitchtip/wire/managed.ts";
import { eventShape, keyShape, projectShape, teamShape } from "../../../src/glitchtip/wire/shapes.ts";

const { signal } = new AbortController();
const DSN = { key: "5".repeat(32), projectId: "1" };
const ID = "a".repeat(32);
const event = { id: ID, message: "m" };

const answering = (text: () => string, type = "application/json"): Transport => ({
  baseUrl: "http://glitchtip:8000",
  send: async () => ({ status: 200, headers: { "content-type": type }, text: text() }),
  close: async () => {},
});

describe("an event that is sent", () => {
  it("is accepted where the answer is that of GlitchTip", async () => {
    const transport = answering(() => JSON.stringify({ id: ID }));
    await sendEvent(transport, DSN, event, signal);
    await sendEmptyEnvelope(transport, DSN, signal);
    await sendEmptyEnvelope(
      answering(() => "{}"),
      DSN,
      signal,
    );
  });

  it.each([
    { what: "a web page", transport: answering(() => "<html>captive portal</html>", "text/html") },
    { what: "no object", transport: answering(() => '"ok"') },
    { what: "an id that is none", transport: answering(() => '{"id":{}}') },
  ])("is not accepted where the answer is 200 with $what", async ({ transport }) => {
    await expect(sendEvent(transport, DSN, event, signal)).rejects.toMatchObject({ code: "GC1202" });
    await expect(sendEmptyEnvelope(transport, DSN, signal)).rejects.toMatchObject({ code: "GC1202" });
  });
});

describe("an id or a key from a server", () => {
  const project = { id: "1", slug: "s", name: "n", dateCreated: "2026" };
  const key = { id: ID, public: ID };
  const monitor = { id: "1", name: "", monitorType: "GET", url: "", expectedStatus: 200, expectedBody: "", timeout: 1 };
  const places = [
    { what: "a project's id", shape: projectShape, good: project, field: "id" },
    { what: "a team's id", shape: teamShape, good: { id: 1, slug: "t" }, field: "id" },
    { what: "a key", shape: keyShape, good: key, field: "public" },
    { what: "a key's id", shape: keyShape, good: key, field: "id" },
    { what: "a managed key", shape: managedKeyShape, good: key, field: "public" },
    { what: "an event's id", shape: eventShape, good: { id: ID, eventID: ID }, field: "eventID" },
    { what: "an alert's id", shape: alertShape, good: { id: "1" }, field: "id" },
    { what: "a monitor's project", shape: monitorShape, good: monitor, field: "projectID" },
  ];

  it.each(places)("is refused as $what where it would change a path, a header or a DSN", ({ shape, good, field }) => {
    expect(shape.safeParse(good).success).toBe(true);
    for (const bad of ["1/../2", `${ID}'\n`, "", "1?x", "1#x", "a@b", "%2e", "..", "1 ", "ü", "a".repeat(65)]) {
      expect(shape.safeParse({ ...good, [field]: bad }).success, JSON.stringify(bad)).toBe(false);
    }
  });
});
