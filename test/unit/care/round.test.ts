import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { Secret } from "../../../src/base/secret.ts";
import { readCareMemory, readRestartReports } from "../../../src/care/decisions.ts";
import type { Probes } from "../../../src/care/probes.ts";
import { type CareContext, careRound, restartAndTell } from "../../../src/care/round.ts";
import { openNodeHttp } from "../../../src/http/node.ts";
import { failing, NOW_MS, settings, wellProbes } from "../../support/cared-for.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";

describe("a care round", () => {
  let own: string;
  let receiver: Receiver;
  beforeEach(async () => {
    own = mkdtempSync(join(tmpdir(), "care-"));
    receiver = await startReceiver();
    return async () => {
      rmSync(own, { recursive: true, force: true });
      await receiver[Symbol.asyncDispose]();
    };
  });

  function contextWith(probes: Partial<Probes>, clock = fakeClock(NOW_MS)): CareContext {
    return {
      settings,
      probes: { ...wellProbes, ...probes },
      folder: own,
      own,
      instance: "errors.example.com",
      channels: [
        {
          name: "ops",
          type: "json",
          url: new Secret(receiver.url),
          events: ["service-unhealthy", "restart-failed"],
          repeatHours: 12,
        },
      ],
      hidden: [new Secret("database-password")],
      openHttp: openNodeHttp,
      clock,
      signal: new AbortController().signal,
      log: silentLog,
      machine: () => ({ loadAverage: 0.1, memoryFreeBytes: 1e9 }),
    };
  }
  const told = () => receiver.received.map(({ body }) => JSON.parse(body));

  it("reports a service that does not answer once, at the third look, and again when it recovers", async () => {
    const web = async () => {
      throw new Error("password database-password was refused");
    };
    for (let i = 0; i < 2; i++) await careRound(contextWith({ web }), false);
    expect(told()).toEqual([]);
    const sick = { ...contextWith({ web }), settings: { ...settings, care: { ...settings.care, restart: undefined } } };
    for (let i = 0; i < 3; i++) await careRound(sick, false);
    expect(told()).toMatchObject([
      { event: "service-unhealthy", instance: "errors.example.com", lines: [expect.stringContaining("[secret]")] },
    ]);
    await careRound(contextWith({}), false);
    await careRound(contextWith({}), false);
    expect(told().map(({ state }) => state)).toEqual(["failed", "over"]);
  });

  it("delays a scheduled restart while Postgres is down, and gives up after an hour", async () => {
    const clock = fakeClock(NOW_MS);
    await careRound(contextWith({ database: failing }, clock), true);
    expect(readRestartReports(own)[0]).toMatchObject({
      reason: "schedule",
      ok: false,
      skipped: expect.stringMatching(/^Postgres/),
    });
    expect(readCareMemory(own).dueMs).toBe(NOW_MS);
    clock.pass(3_600_001);
    await careRound(contextWith({ database: failing }, clock), false);
    expect(readCareMemory(own).dueMs).toBeUndefined();
    expect(told().filter(({ event }) => event === "restart-failed")).toHaveLength(1);
  });

  it("restarts nothing while a backup or a migration runs", async () => {
    const busy = async () => ({ connections: 1, partitions: [], busy: "a backup" });
    const wanted = { reason: "asked", services: ["glitchtip"] } as const;
    expect((await restartAndTell(contextWith({ database: busy }), wanted)).skipped).toBe("a backup is running");
    const alone = async () => undefined;
    expect((await restartAndTell(contextWith({ alone }), wanted)).skipped).toBe(
      "a migration or another restart is running",
    );
  });

  it("stores the notice of a restart that could not be sent, and sends it later", async () => {
    const alone = async () => undefined;
    receiver.answer({ status: 404 });
    await restartAndTell(contextWith({ alone }), { reason: "asked", services: ["glitchtip"] });
    expect(readCareMemory(own).owed).toHaveLength(1);
    await careRound(contextWith({}), false);
    expect(readCareMemory(own).owed ?? []).toHaveLength(0);
    expect(told().map(({ event }) => event)).toEqual(["restart-failed", "restart-failed"]);
  });
});
