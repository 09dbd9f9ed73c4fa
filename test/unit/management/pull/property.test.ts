import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../../../src/base/errors.ts";
import { loadServers } from "../../../../src/config/load.ts";
import { GENERATIONS } from "../../../../src/glitchtip/versions.ts";
import { bringIn, type ServerSnapshot } from "../../../../src/management/pull/bring-in.ts";
import { openKeeper } from "../../../../src/management/pull/keep-secrets.ts";
import type { Action } from "../../../../src/reconcile/action.ts";
import { KINDS } from "../../../../src/reconcile/desired.ts";
import { desiredServers } from "../../../../src/reconcile/from-declaration.ts";
import { NOTHING_KNOWN } from "../../../../src/reconcile/matching.ts";
import type { ObservedServer } from "../../../../src/reconcile/observed.ts";
import { planServer } from "../../../../src/reconcile/plan.ts";
import { resolveDesired } from "../../../../src/reconcile/resolve.ts";
import { anyObserved } from "../../../support/arbitrary-contents.ts";
import { propertyRuns } from "../../../support/property-runs.ts";

const FILE = "prod.yaml";
const BARE = "version: 1\nserver: {url: https://glitchtip.example.com, token: 'env:TOKEN'}\norganization: Acme\n";

function seenOf(observed: ObservedServer, generation: ServerSnapshot["generation"]): ServerSnapshot {
  return {
    instance: "prod",
    observed,
    generation,
    known: NOTHING_KNOWN,
    asked: new Set(KINDS),
    keeper: openKeeper("/nonexistent", "prod", "env"),
    resolve: ({ reference }) => Promise.reject(new CodedError("GC1107", `${reference} is not set`)),
  };
}

/** Of the declaration as it is, nothing more asked for. */
async function planOf(text: string, { observed, generation, keeper, resolve }: ServerSnapshot) {
  const [declared] = desiredServers(loadServers(text, FILE), "prod");
  if (declared === undefined) throw new Error("no server");
  const desired = await resolveDesired({ ...declared, token: undefined }, async (reference) => {
    return keeper.made(reference.reference) ?? (await resolve(reference));
  });
  return planServer(desired, observed, { generation, strict: false, known: NOTHING_KNOWN });
}

/** What a failed create left behind is taken away whatever is declared. */
const isOpen = ({ type }: Action): boolean => type !== "delete";

describe.each(GENERATIONS)("whatever a server of %s holds", (generation) => {
  it("pull makes a declaration of it, whose plan is empty and that a second pull leaves as it is", async () => {
    await fc.assert(
      fc.asyncProperty(anyObserved(generation === "6"), async (observed) => {
        const seen = seenOf(observed, generation);
        const { text } = await bringIn(BARE, FILE, seen);
        const { actions } = await planOf(text, seen);
        const isHere = observed.organizations.some(({ name }) => name === "Acme");
        expect(actions.filter(isOpen).filter(({ organization }) => isHere || organization !== "Acme")).toEqual([]);
        expect((await bringIn(text, FILE, seen)).text).toBe(text);
      }),
      propertyRuns(15),
    );
  });

  it("pull into the declaration of another server's state changes what differs, and the plan is empty", async () => {
    const both = fc.tuple(anyObserved(generation === "6"), anyObserved(generation === "6"));
    await fc.assert(
      fc.asyncProperty(both, async ([before, after]) => {
        const { text: declared } = await bringIn(BARE, FILE, seenOf(before, generation));
        const seen = { ...seenOf(after, generation) };
        const { text, left } = await bringIn(declared, FILE, seen);
        const { actions } = await planOf(text, seen);
        const there = new Set(after.organizations.map(({ name }) => name));
        const told = new Set(left.map(({ organization }) => organization));
        expect(
          actions.filter(isOpen).filter(({ organization }) => there.has(organization) && !told.has(organization)),
        ).toEqual([]);
      }),
      propertyRuns(10),
    );
  });
});
