import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { openQueueEngine } from "../../../src/service/engine.ts";
import type { RunRecord } from "../../../src/service/run-store.ts";
import { openWaiters } from "../../../src/service/waiters.ts";
import { needsValkey, startValkey } from "../../support/valkey.ts";

const RECORD: RunRecord = {
  id: "run-1",
  kind: "plan",
  state: "running",
  subject: "ci",
  servers: ["one"],
  strict: false,
  fresh: false,
  createdAtMs: 0,
};

describe("waiting for a run", () => {
  it("ends with a run whose end was told before the stream of events was read", async ({ skip }) => {
    needsValkey(skip);
    await using valkey = await startValkey();
    await using engine = await openQueueEngine(new Secret(valkey.url), { clock: systemClock, onError() {} });
    const worker = engine.startWorker("plan", async () => {}, {});
    await engine.queues.plan.add("plan", { run: RECORD.id }, { jobId: RECORD.id, removeOnComplete: true });
    while ((await engine.queues.plan.getJob(RECORD.id)) !== undefined) await systemClock.sleep(5);
    const events = engine.openEvents("plan");
    // As it was when it was asked for, and as it is once its end was told.
    const states = ["running", "success"] as const;
    let asked = 0;
    const waiters = openWaiters([events], { get: async () => ({ ...RECORD, state: states[asked++] ?? "success" }) });
    const { signal } = new AbortController();
    expect(await waiters.wait(RECORD.id, 300_000, signal)).toMatchObject({ state: "success" });
    await Promise.all([events.close(), worker.close()]);
  }, 20_000);
});
