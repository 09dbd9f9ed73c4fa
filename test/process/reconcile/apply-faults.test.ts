import { describe, expect, it } from "vitest";
import type { FaultEffect } from "../../../src/emulator/index.ts";
import { GENERATIONS } from "../../../src/glitchtip/versions.ts";
import { everything } from "../../support/desired-server.ts";
import { PASSING_FAULTS } from "../../support/passing-faults.ts";
import { hastyClock } from "../../support/provisioning.ts";
import { ALL_OF_IT, notApplied, reconcile, standing, startReconciling } from "../../support/reconciling.ts";

/** Each request of a first apply: method and path, in any order. */
async function requestsOfApply(): Promise<string[]> {
  await using reconciling = await startReconciling({ registration: "open" });
  await reconcile(reconciling.context, everything());
  return [...new Set(reconciling.emulator.requests.map(({ method, path }) => `${method} ${path.replace(/\?.*/, "")}`))];
}

const requests = (await requestsOfApply()).map((name) => {
  const [method = "", path = ""] = name.split(" ");
  // Numbers are given anew in each run.
  return { name, method, path: new RegExp(`^${path.replace(/\/\d+\//g, "/\\d+/")}(\\?|$)`) };
});
const writes = requests.filter(({ method }) => method !== "GET");

describe.each(GENERATIONS)("apply on GlitchTip %s", (generation) => {
  it.each(PASSING_FAULTS)("gets over one answer of $what, whichever request it hits", async ({ effect }) => {
    for (const { name, method, path } of requests) {
      await using reconciling = await startReconciling({ generation, registration: "open" });
      const { emulator } = reconciling;
      emulator.fault({ method, path, effect });
      const clock = hastyClock(emulator);
      const { outcomes, problems, plan } = await reconcile(reconciling.reopen({ clock }), everything(), generation);
      expect([problems, plan.errors], name).toEqual([[], []]);
      expect(notApplied(outcomes), name).toEqual([]);
      expect(standing(reconciling), name).toEqual(ALL_OF_IT);
      emulator.clearFaults();
      expect((await reconcile(reconciling.reopen(), everything(), generation)).plan.actions, name).toEqual([]);
    }
  });
});

const GOES_ON: readonly { readonly what: string; readonly effect: FaultEffect; readonly code: RegExp }[] = [
  { what: "500", effect: { kind: "answer", status: 500 }, code: /GC1205/ },
  { what: "resets", effect: { kind: "reset" }, code: /GC1208/ },
  { what: "429 for an hour", effect: { kind: "rate-limit", retryAfter: 3600 }, code: /GC1207/ },
  { what: "403", effect: { kind: "answer", status: 403, body: { detail: "no" } }, code: /GC1305|GC1402/ },
  { what: "another product's page", effect: { kind: "html" }, code: /GC1202/ },
];

describe("a server that answers one kind of write with nothing else than", () => {
  it.each(GOES_ON)("$what is told with the right code, and the apply after it is whole", async ({ effect, code }) => {
    for (const { name, method, path } of writes) {
      await using reconciling = await startReconciling({ registration: "open" });
      const { emulator } = reconciling;
      emulator.fault({ method, path, times: Number.POSITIVE_INFINITY, effect });
      const { outcomes } = await reconcile(reconciling.reopen({ clock: hastyClock(emulator) }), everything());
      const failed = outcomes.flatMap((one) => (one.result === "failed" ? [one.error.code] : []));
      expect(failed.length, name).toBeGreaterThan(0);
      for (const one of failed) expect(one, name).toMatch(code);
      emulator.clearFaults();
      emulator.advance(3_600_000);
      const next = await reconcile(reconciling.reopen(), everything());
      expect(notApplied(next.outcomes), name).toEqual([]);
      expect(standing(reconciling), name).toEqual(ALL_OF_IT);
    }
  });
});
