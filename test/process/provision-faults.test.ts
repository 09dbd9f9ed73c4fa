import { describe, expect, it } from "vitest";
import { CodedError } from "../../src/base/errors.ts";
import type { FaultEffect } from "../../src/emulator/index.ts";
import { GENERATIONS } from "../../src/glitchtip/versions.ts";
import { startServer } from "../support/emulator.ts";
import { PASSING_FAULTS } from "../support/passing-faults.ts";
import { countsOf, ONE_OF_EACH, requestsOfFirstRun } from "../support/provisioner-process.ts";
import { dsnOf, provisionHastily, temporaryFolders } from "../support/provisioning.ts";

const requests = (await requestsOfFirstRun()).map((name, at) => ({ name, nth: at + 1 }));

describe.each(GENERATIONS)("a first run on GlitchTip %s", (generation) => {
  it.each(PASSING_FAULTS)("gets over one answer of $what, whichever request it hits", async ({ effect }) => {
    for (const { nth, name } of requests) {
      using folders = temporaryFolders();
      await using emulator = await startServer({ generation });
      emulator.fault({ nth, effect });
      const outcome = await provisionHastily(emulator, folders);
      expect(outcome.problem, name).toBeUndefined();
      expect(countsOf(emulator), name).toEqual(ONE_OF_EACH);
      expect(emulator.snapshot().issues, name).toEqual([]);
      expect(outcome.status.apps.api?.dsn, name).toBe("proved");
    }
  });
});

const GOES_ON: readonly { readonly what: string; readonly effect: FaultEffect; readonly code: RegExp }[] = [
  { what: "500", effect: { kind: "answer", status: 500 }, code: /GC1205/ },
  { what: "resets", effect: { kind: "reset" }, code: /GC1208/ },
  { what: "429 for an hour", effect: { kind: "rate-limit", retryAfter: 3600 }, code: /GC1207/ },
  { what: "403", effect: { kind: "answer", status: 403, body: { detail: "no" } }, code: /GC1305|GC1402|GC1404/ },
  { what: "another product's page", effect: { kind: "html" }, code: /GC1202|GC1405/ },
];
const writes = requests.filter(({ name }) => name.startsWith("POST"));

describe("a server that answers one kind of write with nothing else than", () => {
  it.each(GOES_ON)(
    "$what ends the run with the right code, and the run after it is whole",
    async ({ effect, code }) => {
      for (const { name } of writes) {
        using folders = temporaryFolders();
        await using emulator = await startServer();
        const path = new RegExp(`^${name.replace("POST ", "")}$`);
        emulator.fault({ method: "POST", path, times: Number.POSITIVE_INFINITY, effect });
        const failure = await failureOf(provisionHastily(emulator, folders));
        expect(failure?.code, name).toMatch(code);
        emulator.clearFaults();
        emulator.advance(3_600_000);
        const next = await provisionHastily(emulator, folders);
        expect(next.problem, name).toBeUndefined();
        expect(countsOf(emulator), name).toEqual(ONE_OF_EACH);
      }
    },
  );

  it("429 to the proof still gives the app its DSN, and says that it is not proved", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    emulator.fault({ path: /envelope/, times: 9, effect: { kind: "rate-limit", retryAfter: 600 } });
    const { problem, status } = await provisionHastily(emulator, folders);
    expect(problem?.code).toBe("GC1207");
    expect(status).toMatchObject({ state: "degraded", apps: { api: { dsn: "accepted" } } });
    expect(dsnOf(folders, "api")).toMatch(/^http:/);
  });

  it("resets leaves no second token, team or project, however often it runs", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    emulator.fault({ method: "POST", path: /projects\/$/, times: 40, effect: { kind: "reset", acted: true } });
    for (let run = 0; run < 3; run++) await failureOf(provisionHastily(emulator, folders));
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });
});

async function failureOf(run: Promise<{ problem?: CodedError }>): Promise<CodedError | undefined> {
  try {
    return (await run).problem;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

describe("a known DSN", () => {
  it.each(PASSING_FAULTS)("is confirmed although its check meets $what", async ({ effect }) => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    await provisionHastily(emulator, folders);
    emulator.fault({ path: /envelope/, effect });
    const { status, written } = await provisionHastily(emulator, folders);
    expect(status).toMatchObject({ state: "ok", apps: { api: { dsn: "proved" } } });
    expect(written).toBe(false);
  });
});
