import { describe, expect, it } from "vitest";
import { everything } from "../../support/desired-server.ts";
import { ALL_OF_IT, notApplied, reconcile, standing, startReconciling } from "../../support/reconciling.ts";

/** How many requests a first apply makes. */
async function countRequests(): Promise<number> {
  await using reconciling = await startReconciling({ registration: "open" });
  await reconcile(reconciling.context, everything());
  return reconciling.emulator.requests.length;
}

const nths = Array.from({ length: await countRequests() }, (_, at) => at + 1);

describe.each([
  { moment: "before GlitchTip 6 acted", generation: "6", acted: false },
  { moment: "after GlitchTip 6 acted", generation: "6", acted: true },
  { moment: "after GlitchTip 5.2 acted", generation: "5.2", acted: true },
  { moment: "after GlitchTip 4.1 acted", generation: "4.1", acted: true },
] as const)("an apply that is stopped $moment", ({ generation, acted }) => {
  it("on any of its requests is made whole by the next one", async () => {
    for (const nth of nths) {
      await using reconciling = await startReconciling({ generation, registration: "open" });
      const { emulator } = reconciling;
      emulator.fault({ nth, effect: { kind: "hang", acted } });
      const stop = new AbortController();
      const stopped = reconcile(reconciling.reopen({ signal: stop.signal }), everything(), generation).then(
        ({ outcomes }) => outcomes,
        (error: unknown) => error,
      );
      while (emulator.requests.length < nth) await new Promise<void>((turn) => setImmediate(turn));
      stop.abort(new Error("stopped"));
      const told = await stopped;
      // Either it says what of it was done, or it had not begun to change anything.
      if (told instanceof Error) expect(told.message).toBe("stopped");
      else expect(told).toContainEqual(expect.objectContaining({ result: "skipped" }));
      emulator.clearFaults();
      const { outcomes, problems, plan } = await reconcile(reconciling.reopen(), everything(), generation);
      expect([problems, plan.errors], `request ${nth}`).toEqual([[], []]);
      expect(notApplied(outcomes), `request ${nth}`).toEqual([]);
      expect(standing(reconciling), `request ${nth}`).toEqual(ALL_OF_IT);
    }
  });
});
