import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { openQueueEngine } from "../../../src/service/engine.ts";
import { openWaiters } from "../../../src/service/waiters.ts";
import { RUNNING } from "../../support/service-api.ts";
import { needsValkey, startValkey } from "../../support/valkey.ts";

describe("waiting for a run", () => {
  it("ends with a run whose end was told before the stream of events was read", async ({ skip }) => {
    needsValkey(skip);
    await using valkey = await startValkey();
    await using engine = await openQueueEngine(new Secret(valkey.url), { clock: systemClock, onError() {} });
    const worker = engine.startWorker("plan", async () => {}, {});
    await engine.queues.plan.add("plan", { run: RUNNING.id }, { jobId: RUNNING.id, removeOnComplete: true });
    while ((await engine.queues.plan.getJob(RUNNING.id)) !== undefined) await systemClock.sleep(5);
    const events = engine.openEvents("plan");
    // As it was when it was asked for, and as it is once its end was told.
    const states = ["running", "success"] as const;
    let asked = 0;
    const waiters = openWaiters([events], { get: async () => ({ ...RUNNING, state: states[asked++] ?? "success" }) });
    const { signal } = new AbortController();
    expect(await waiters.wait(RUNNING.id, 300_000, signal)).toMatchObject({ state: "success" });
    await Promise.all([events.close(), worker.close()]);
  }, 20_000);
});
