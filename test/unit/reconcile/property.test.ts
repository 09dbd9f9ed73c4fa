import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { GENERATIONS } from "../../../src/glitchtip/versions.ts";
import type { Reference } from "../../../src/reconcile/desired.ts";
import { NOTHING_KNOWN } from "../../../src/reconcile/matching.ts";
import { planServer } from "../../../src/reconcile/plan.ts";
import { resolveDesired } from "../../../src/reconcile/resolve.ts";
import { anyDesired, anyObserved } from "../../support/arbitrary-contents.ts";
import { propertyRuns } from "../../support/property-runs.ts";
import { carryOut } from "../../support/simulated-server.ts";

const noSecrets = () => Promise.reject(new Error("no reference is declared"));

describe.each(GENERATIONS)("for any declaration and any state of a server of %s", (generation) => {
  const tellsTags = generation === "6";
  const options = { generation, strict: false, known: NOTHING_KNOWN };

  it("a plan can be applied, and the next one is empty", async () => {
    await fc.assert(
      fc.asyncProperty(anyDesired, anyObserved(tellsTags), async (declared, observed) => {
        const desired = await resolveDesired(declared, noSecrets);
        const { actions, known } = planServer(desired, observed, options);
        const after = carryOut(observed, actions, tellsTags);
        expect(planServer(desired, after, options).actions).toEqual([]);
        expect(planServer(desired, after, { ...options, known }).actions).toEqual([]);
      }),
      propertyRuns(150),
    );
  });

  it("a plan does not depend on the order of the server's answers", async () => {
    const order = fc.integer({ min: 0, max: 3 });
    await fc.assert(
      fc.asyncProperty(anyDesired, anyObserved(tellsTags), order, async (declared, observed, turn) => {
        const desired = await resolveDesired(declared, noSecrets);
        const turned = <T>(list: readonly T[] | undefined) => [
          ...(list ?? []).slice(turn),
          ...(list ?? []).slice(0, turn),
        ];
        const organizations = turned(observed.organizations).map((one) => ({
          ...one,
          teams: turned(one.teams),
          members: turned(one.members),
          monitors: turned(one.monitors),
          projects: turned(one.projects).map((project) => ({ ...project, alerts: turned(project.alerts) })),
        }));
        expect(planServer(desired, { ...observed, organizations }, options)).toEqual(
          planServer(desired, observed, options),
        );
      }),
      propertyRuns(50),
    );
  });
});

it("a plan shows no secret, whether it is declared or only on the server", async () => {
  const hidden = <T extends { readonly url: unknown; readonly type: string }>(one: T, at: number): T =>
    one.type === "email" ? one : { ...one, url: { reference: `env:${at}`, key: "" } };
  await fc.assert(
    fc.asyncProperty(anyDesired, anyObserved(true), async (declared, observed) => {
      const organizations = declared.organizations.map((organization) => ({
        ...organization,
        monitors: organization.monitors?.map(hidden),
        projects: organization.projects.map((project) => ({
          ...project,
          monitors: project.monitors?.map(hidden),
          alerts: project.alerts?.map((alert) => ({ ...alert, recipients: alert.recipients.map(hidden) })),
        })),
      }));
      const server = JSON.parse(JSON.stringify(observed).replaceAll("h.example.com/", "h.example.com/0ld-s3cret"));
      const secret = ({ reference }: Reference) =>
        Promise.resolve(new Secret(`https://h.example.com/s3cret${reference}`));
      const desired = await resolveDesired({ ...declared, organizations }, secret);
      const plan = planServer(desired, server, { generation: "6", strict: false, known: NOTHING_KNOWN });
      expect(JSON.stringify(plan)).not.toContain("s3cret");
      expect(inspect(plan, { depth: null })).not.toContain("s3cret");
    }),
    propertyRuns(100),
  );
});
