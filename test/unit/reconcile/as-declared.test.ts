import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { alertsAreAsDeclared } from "../../../src/reconcile/as-declared.ts";
import type { DesiredAlert, ObservedAlert } from "../../../src/reconcile/model.ts";
import { planServer } from "../../../src/reconcile/plan.ts";
import { desiredAlert, desiredOrganization, desiredProject, desiredServer } from "../../support/desired-server.ts";

const url = fc.constantFrom("https://a.example/", "https://b.example/x", "https://c.example/?q=1");
const name = fc.constantFrom("a", "b", "c");
const number = fc.constantFrom(null, 1, 2);
const numbers = { timespanMinutes: number, quantity: number, uptime: fc.boolean() };

const observedAlert = fc.record({
  id: fc.integer({ min: 1, max: 99 }).map(String),
  name,
  ...numbers,
  recipients: fc.uniqueArray(
    fc.oneof(
      fc.record({ type: fc.constant("email"), url: fc.constant("") }),
      fc.record({ type: fc.constantFrom("webhook", "discord"), url }, { requiredKeys: ["type", "url"] }),
    ),
    { maxLength: 3, selector: ({ type, url: at }) => `${type} ${at}` },
  ),
});
const observedAlerts = fc.uniqueArray(observedAlert, { maxLength: 4, selector: ({ id }) => id });

/** Often the same as observed, in another order, sometimes with a difference. */
const declaredOf = (observed: readonly ObservedAlert[]) =>
  fc
    .tuple(
      fc.shuffledSubarray([...observed], { minLength: 0, maxLength: observed.length }),
      fc.option(fc.record({ name, ...numbers })),
    )
    .map(([some, extra]): DesiredAlert[] => {
      const same = some.map(({ id: _, recipients, ...alert }) => ({
        ...alert,
        recipients: recipients.map((one, at) => ({ ...one, url: at === 0 && one.url ? new Secret(one.url) : one.url })),
      }));
      const all = [...same, ...(extra === null ? [] : [{ ...extra, recipients: [] }])];
      return [...new Map(all.map((alert) => [alert.name, alert])).values()];
    });

const planned = (alerts: readonly DesiredAlert[], observed: readonly ObservedAlert[]) => {
  const organizations = [desiredOrganization({ projects: [desiredProject("shop", { alerts })] })];
  const identity = { id: "1", slug: "shop", dateCreated: "2026-11-21T09:00:00Z" };
  const project = { ...identity, name: "shop", platform: null, throttle: 0, teams: ["backend"], alerts: observed };
  const acme = { ...identity, slug: "acme", name: "Acme", projects: [project] };
  return planServer(
    desiredServer({ organizations, manages: ["alert"] }),
    { organizations: [acme] },
    { generation: "6", strict: true, known: { organizations: {} } },
  );
};

describe("alerts that are seen at a glance to be as declared", () => {
  it("are exactly those about which the plan has nothing to say", () => {
    let glances = 0;
    fc.assert(
      fc.property(
        observedAlerts.chain((observed) => fc.tuple(fc.constant(observed), declaredOf(observed))),
        ([observed, alerts]) => {
          if (!alertsAreAsDeclared(desiredProject("shop", { alerts }), observed)) return;
          glances++;
          expect(planned(alerts, observed)).toMatchObject({ actions: [], undeclared: [], errors: [], warnings: [] });
        },
      ),
      { numRuns: 1_000 },
    );
    expect(glances).toBeGreaterThan(20);
  });

  it("are seen in any order, and not where anything differs", () => {
    const recipients = [
      { type: "email", url: "" },
      { type: "webhook", url: "https://a.example/" },
    ];
    const { recipients: _, ...rest } = desiredAlert("a");
    const observed = [{ id: "1", ...rest, recipients: recipients.toReversed() }];
    const seen = (over: Partial<DesiredAlert>) =>
      alertsAreAsDeclared(desiredProject("shop", { alerts: [desiredAlert("a", { recipients, ...over })] }), observed);
    expect(seen({})).toBe(true);
    expect(seen({ quantity: 7 })).toBe(false);
    expect(seen({ recipients: recipients.slice(1) })).toBe(false);
    expect(seen({ recipients: [...recipients, ...recipients] })).toBe(false);
    expect(alertsAreAsDeclared(desiredProject("shop", { alerts: [] }), observed)).toBe(false);
  });
});
