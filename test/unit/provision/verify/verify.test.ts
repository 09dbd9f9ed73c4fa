import { describe, expect, it } from "vitest";
import { CodedError } from "../../../../src/base/errors.ts";
import { chooseApps, type EventReader, type EventSender, verifyApps } from "../../../../src/provision/verify/verify.ts";
import { declare } from "../../../support/provisioning.ts";

const declaration = declare({
  projects: { "shop-api": {}, "shop-web": {} },
  apps: { api: { project: "shop-api" }, web: { project: "shop-web", variables: ["VITE_DSN", "OTHER"] } },
});
const APPS = chooseApps(declaration, []);

/** Each look at it is ten milliseconds later. */
function tickingClock() {
  let now = 1_000;
  return {
    now: () => {
      now += 10;
      return now;
    },
    sleep: async () => {},
  };
}

const foundAll: EventReader = async (events, answer) => {
  for (const { app, eventId } of events) answer({ app, eventId, found: true, project: `${app}-slug`, at: 0 });
};

const run = (parts: { send?: EventSender; read?: EventReader; signal?: AbortSignal }) =>
  verifyApps(
    {
      clock: tickingClock(),
      signal: parts.signal ?? new AbortController().signal,
      send: parts.send ?? (async () => ({ via: "node" })),
      read: parts.read ?? foundAll,
    },
    APPS,
  );

describe("verify", () => {
  it("reports project, event, way and milliseconds of each app", async () => {
    const results = await run({});
    expect(results).toEqual([
      {
        app: "api",
        project: "api-slug",
        eventId: expect.stringMatching(/^[0-9a-f]{32}$/),
        audience: "container",
        ok: true,
        via: "node",
        ms: expect.any(Number),
      },
      {
        app: "web",
        project: "web-slug",
        eventId: expect.stringMatching(/^[0-9a-f]{32}$/),
        audience: "container",
        ok: true,
        via: "node",
        ms: expect.any(Number),
      },
    ]);
    expect(results.every((result) => result.ok && result.ms > 0)).toBe(true);
  });

  it("sends what it looks for: the same event, and a random mark in its text", async () => {
    const sent: string[] = [];
    const looked: string[] = [];
    await run({
      send: async (app, event) => {
        sent.push(`${app.name} ${app.variable} ${event.id} ${event.mark} ${event.text.includes(event.mark)}`);
        return { via: "node" };
      },
      read: async (events, answer, signal) => {
        const variables: Record<string, string> = { api: "SENTRY_DSN", web: "VITE_DSN" };
        looked.push(...events.map(({ app, eventId, mark }) => `${app} ${variables[app]} ${eventId} ${mark} true`));
        await foundAll(events, answer, signal);
      },
    });
    expect(sent).toEqual(looked);
    expect(new Set(sent.map((line) => line.split(" ")[3])).size).toBe(2);
  });

  it("verifies the other apps when one cannot send", async () => {
    const send: EventSender = async ({ name }) => {
      if (name === "api") throw new CodedError("GC1605", "app api is not running", { remedy: "docker compose up -d" });
      return { via: "curl" };
    };
    expect(await run({ send })).toMatchObject([
      { app: "api", project: "shop-api", ok: false, error: { code: "GC1605", remedy: "docker compose up -d" } },
      { app: "web", ok: true, via: "curl" },
    ]);
  });

  it("reports which event was accepted and did not come back", async () => {
    const read: EventReader = async (events, answer) => {
      for (const { app, eventId } of events) {
        answer({ app, eventId, found: false, error: { code: "GC1405", message: "could not be read back" } });
      }
    };
    expect(await run({ read })).toMatchObject([
      { ok: false, via: "node", error: { code: "GC1405" } },
      { ok: false, via: "node", error: { code: "GC1405" } },
    ]);
  });

  it("reports the failure of the reader for every app without an answer", async () => {
    const read: EventReader = async ([first], answer) => {
      if (first) answer({ app: first.app, eventId: first.eventId, found: true, project: "p", at: 0 });
      throw new CodedError("GC1605", "the read-back ended without an answer");
    };
    expect(await run({ read })).toMatchObject([
      { app: "api", ok: true },
      { app: "web", ok: false, error: { code: "GC1605" } },
    ]);
  });

  it("does not wait for events that nobody sent", async () => {
    const send: EventSender = async () => {
      throw new CodedError("GC1605", "not running");
    };
    const read: EventReader = (_events, _answer, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    expect(await run({ send, read })).toMatchObject([{ ok: false }, { ok: false }]);
  });

  it("ends at once when it is interrupted", async () => {
    const stop = new AbortController();
    const reason = new CodedError("GC1003", "stopped by SIGINT");
    const send: EventSender = async () => {
      stop.abort(reason);
      throw new Error("killed");
    };
    await expect(run({ send, signal: stop.signal })).rejects.toBe(reason);
  });

  it("does not report a bug of its own as a result", async () => {
    const send: EventSender = async () => {
      throw new TypeError("oops");
    };
    await expect(run({ send })).rejects.toThrow(TypeError);
  });
});

describe("which apps", () => {
  it("are all of the declaration, or those that are named, each once", () => {
    expect(APPS.map(({ name }) => name)).toEqual(["api", "web"]);
    expect(chooseApps(declaration, ["web", "web"]).map(({ name }) => name)).toEqual(["web"]);
  });

  it("are not guessed: an unknown one is an error with the nearest name", () => {
    expect(() => chooseApps(declaration, ["apo"])).toThrow(
      expect.objectContaining({
        code: "GC1104",
        message: 'there is no app "apo"; did you mean "api"?',
        remedy: "The declaration has api, web.",
      }),
    );
    expect(() => chooseApps(declaration, ["apo", "constructor"])).toThrow(
      expect.objectContaining({ problems: [expect.stringContaining('"apo"'), '"constructor"'] }),
    );
  });
});
