import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../../src/emulator/routes/index.ts";
import { desired } from "../support/planning.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { type Reconciling, reconcile, startReconciling } from "../support/reconciling.ts";
import { REQUEST_SCHEMAS } from "../support/request-schemas.ts";
import { type Ask, asking } from "./asking.ts";

type Json = Record<string, unknown>;

/** Fields that no schema so far has. */
const LATER = ["environment_name", "severity"];
const later = { environment_name: fc.string({ maxLength: 8 }), severity: fc.integer() };
const HEAD = "version: 1\nserver: {url: https://glitchtip.example.com, token: 'env:TOKEN'}\n";

const monitor = fc.record({
  monitorType: fc.constantFrom("Ping", "GET", "POST"),
  url: fc.constantFrom("https://a.example.com/", "https://b.example.com/health"),
  expectedStatus: fc.integer({ min: 100, max: 599 }),
  expectedBody: fc.constantFrom("", "ok"),
  interval: fc.integer({ min: 1, max: 86_399 }),
  timeout: fc.integer({ min: 1, max: 60 }),
  confirmationThreshold: fc.integer({ min: 1, max: 9 }),
  ...later,
});
const recipient = fc.record({
  recipientType: fc.constantFrom("webhook", "discord"),
  url: fc.constantFrom("https://a.example.com/", "https://b.example.com/hook"),
  tagsToAdd: fc.subarray(["release", "environment"]),
  ...later,
});
const alert = fc.record({
  timespanMinutes: fc.option(fc.nat(32_767)),
  quantity: fc.option(fc.nat(32_767)),
  uptime: fc.boolean(),
  alertRecipients: fc.uniqueArray(recipient, {
    minLength: 1,
    maxLength: 2,
    selector: ({ url }) => url,
  }),
  ...later,
});
const project = fc.record({
  name: fc.constantFrom("Shop", "Shop of Acme"),
  platform: fc.constantFrom("node", "python"),
  eventThrottleRate: fc.integer({ min: 0, max: 100 }),
  ...later,
});

/** The declared value of each field of a request, where a declaration has one. */
const DECLARED: Readonly<Record<string, string>> = {
  monitorType: "type",
  interval: "intervalSeconds",
  timeout: "timeoutSeconds",
  eventThrottleRate: "throttle",
};

function declaration(from: Json, leftOut: readonly string[]): Json {
  const declared = Object.entries(from).filter(([name]) => !leftOut.includes(name) && !LATER.includes(name));
  return Object.fromEntries(declared.map(([name, value]) => [DECLARED[name] ?? name, value]));
}

describe("a change of one declared field", () => {
  let reconciling: Reconciling;
  let ask: Ask;

  beforeAll(async () => {
    reconciling = await startReconciling({ generation: "6", registration: "open", laterFields: LATER });
    ask = asking(reconciling.emulator);
    await ask("POST", "/api/0/organizations/", { name: "Acme" });
    await ask("POST", "/api/0/organizations/acme/teams/", { slug: "developers" });
    await ask("POST", "/api/0/teams/acme/developers/projects/", { name: "shop" });
  });
  afterAll(() => reconciling[Symbol.asyncDispose]());

  const apply = async (declared: Json): Promise<void> => {
    const text =
      HEAD +
      Object.entries(declared)
        .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
        .join("");
    const { plan, outcomes } = await reconcile(reconciling.reopen(), await desired(text));
    expect(plan.errors).toEqual([]);
    expect(outcomes.filter(({ result }) => result !== "applied")).toEqual([]);
  };
  const clear = async (path: string): Promise<void> => {
    const all = (await ask("GET", path)).body as Json[];
    for (const { id } of all) await ask("DELETE", `${path}${String(id)}/`);
  };
  const only = async (path: string): Promise<Json> => ((await ask("GET", path)).body as Json[])[0] ?? {};

  it.each(["url", "expectedStatus", "expectedBody", "interval", "timeout", "confirmationThreshold"])(
    "leaves all other fields of a monitor as they were: %s",
    async (changed) => {
      const path = "/api/0/organizations/acme/monitors/";
      await fc.assert(
        fc.asyncProperty(monitor, monitor, fc.boolean(), async (before, other, namesThreshold) => {
          await clear(path);
          const made = (await ask("POST", path, { ...before, name: "site" })).body as Json;
          const wanted = { ...before, [changed]: other[changed as keyof typeof other] };
          const leftOut = namesThreshold || changed === "confirmationThreshold" ? [] : ["confirmationThreshold"];
          await apply({ organization: "Acme", monitors: [{ name: "site", ...declaration(wanted, leftOut) }] });
          expect(await only(path)).toEqual({ ...made, ...wanted });
        }),
        propertyRuns(60),
      );
    },
  );

  it.each(["timespanMinutes", "quantity", "uptime", "alertRecipients"])(
    "leaves all other fields of an alert as they were: %s",
    async (changed) => {
      const path = "/api/0/projects/acme/shop/alerts/";
      const bare = ({ id: _, config: __, ...rest }: Json) => rest;
      await fc.assert(
        fc.asyncProperty(alert, alert, fc.boolean(), async (before, other, namesTags) => {
          await clear(path);
          const made = (await ask("POST", path, { ...before, name: "errors" })).body as Json;
          const kept = before.alertRecipients.slice(0, 1);
          const wanted =
            changed === "alertRecipients"
              ? { ...before, alertRecipients: kept }
              : { ...before, [changed]: other[changed as keyof typeof other] };
          const recipients = wanted.alertRecipients.map(({ recipientType: type, ...rest }) => ({
            type,
            ...declaration(rest, namesTags ? [] : ["tagsToAdd"]),
          }));
          const alerts = [{ name: "errors", ...declaration(wanted, ["alertRecipients"]), recipients }];
          await apply({ organization: "Acme", projects: { shop: { alerts } } });
          const after = await only(path);
          const byUrl = (list: unknown) =>
            (list as Json[]).map(bare).sort((a, b) => (String(a.url) < String(b.url) ? -1 : 1));
          expect({ ...after, alertRecipients: byUrl(after.alertRecipients) }).toEqual({
            ...made,
            ...wanted,
            alertRecipients: byUrl(wanted.alertRecipients),
          });
        }),
        propertyRuns(60),
      );
    },
  );

  it.each(["name", "platform", "eventThrottleRate"])(
    "leaves all other fields of a project as they were: %s",
    async (changed) => {
      const path = "/api/0/projects/acme/shop/";
      await fc.assert(
        fc.asyncProperty(project, project, async (before, other) => {
          const made = (await ask("PUT", path, { ...before, slug: "shop" })).body as Json;
          const value = other[changed as keyof typeof other];
          const declared = { slug: "shop", [DECLARED[changed] ?? changed]: value };
          await apply({ organization: "Acme", projects: { shop: declared } });
          expect((await ask("GET", path)).body).toEqual({ ...made, [changed]: value });
        }),
        propertyRuns(60),
      );
    },
  );

  it("leaves all other fields of an organization as they were", async () => {
    const path = "/api/0/organizations/acme/";
    await fc.assert(
      fc.asyncProperty(fc.record(later), async (fields) => {
        await ask("PUT", path, { name: "Acme Limited", ...fields });
        await apply({ organizations: { Acme: { slug: "acme" } } });
        expect((await ask("GET", path)).body).toMatchObject({ name: "Acme", ...fields });
      }),
      propertyRuns(60),
    );
  });

  it("leaves the teams of a member as they were", async () => {
    const members = "/api/0/organizations/acme/members/";
    const invitation = { email: "dev@example.com", orgRole: "member", teamRoles: [{ teamSlug: "developers" }] };
    await ask("POST", members, invitation);
    const admin = { email: "admin@example.com", role: "owner" };
    await apply({ organization: "Acme", members: [admin, { email: "dev@example.com", role: "admin" }] });
    const sent = reconciling.emulator.requests.filter(
      ({ method, path }) => method === "PUT" && path.includes("members/"),
    );
    expect(sent).toHaveLength(1);
    expect(await only(members)).toMatchObject({ email: "dev@example.com", role: "admin" });
  });
});

describe("the emulator's requests", () => {
  const endpoints = new Map(
    ROUTES.flatMap((routes) =>
      Object.entries(routes).flatMap(([path, byMethod]) =>
        Object.entries(byMethod).map(([method, endpoint]) => [`${method} ${path}`, endpoint] as const),
      ),
    ),
  );

  it.each(Object.entries(REQUEST_SCHEMAS).filter(([, { request }]) => request !== undefined))(
    "have the fields of %s in 6.2.6",
    (_, { request, fields }) => {
      expect(Object.keys(endpoints.get(request as `${string} ${string}`)?.body ?? {}).sort()).toEqual(
        [...fields].sort(),
      );
    },
  );
});
