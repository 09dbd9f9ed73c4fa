import fc from "fast-check";
import type { DesiredServer, Reference } from "../../src/reconcile/desired.ts";
import type { ObservedOrganization, ObservedProject, ObservedServer } from "../../src/reconcile/observed.ts";

/** Few names, so that desired and observed things often have the same. */
const NAMES = ["a", "b", "c"];
const name = fc.constantFrom(...NAMES);
const URLS = ["https://h.example.com", "HTTPS://H.example.com:443/b", "https://h.example.com/ä", "http://10.0.0.1/x"];
const url = fc.constantFrom(...URLS);
const stored = url.map((text) => new URL(text).href);
const tags = fc.option(fc.uniqueArray(fc.constantFrom("release", "environment")), { nil: undefined });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const amount = fc.option(fc.constantFrom(0, 1, 100), { nil: null });
const teams = fc.uniqueArray(name);
const limit = fc.option(fc.constant({ window: 60, count: 100 }), { nil: null });

const desiredRecipient = fc.oneof(
  fc.constant({ type: "email", url: "" }),
  fc.record({ type: fc.constantFrom("webhook", "discord"), url, tagsToAdd: tags }),
  fc.record({ type: fc.constant("teams"), url }),
);
const observedRecipient = (tellsTags: boolean) =>
  fc.oneof(
    fc.constant({ type: "email", url: "", ...(tellsTags ? { tagsToAdd: [] } : {}) }),
    fc
      .record({ type: fc.constantFrom("webhook", "discord", "pigeon"), url: stored, tagsToAdd: tags })
      .map(({ tagsToAdd, ...rest }) => (tellsTags ? { ...rest, tagsToAdd: tagsToAdd ?? [] } : rest)),
  );

const unique = <T>(one: fc.Arbitrary<T>, by: (value: T) => string) =>
  fc.uniqueArray(one, { selector: by, maxLength: 3 });
const byName = ({ name }: { name: string }) => name;

const monitorFields = {
  type: fc.constantFrom("Ping", "Heartbeat", "TCP Port"),
  url: fc.constantFrom("https://a.example.com", "b.example.com:80"),
  intervalSeconds: fc.constantFrom(60, 120),
  timeoutSeconds: fc.constantFrom(null, 20),
  expectedStatus: fc.constantFrom(null, 200),
  expectedBody: fc.constant(""),
};

const role = fc.constantFrom("member", "admin", "owner");
const email = fc.constantFrom("a@example.com", "b@example.com", "c@example.com");

const desiredProject = fc.record({
  name,
  nameIsDeclared: fc.boolean(),
  slug: maybe(fc.constantFrom("a", "x", "y")),
  team: name,
  teamIsDeclared: fc.boolean(),
  platform: maybe(fc.constantFrom("node", "python")),
  throttle: maybe(fc.constantFrom(0, 50)),
  keys: maybe(unique(fc.record({ label: name, rateLimit: maybe(limit) }), ({ label }) => label)),
  alerts: maybe(
    unique(
      fc.record({
        name,
        timespanMinutes: amount,
        quantity: amount,
        uptime: fc.boolean(),
        recipients: fc.array(desiredRecipient, { maxLength: 3 }),
      }),
      byName,
    ),
  ),
  monitors: maybe(unique(fc.record({ name, ...monitorFields }), byName)),
});

const desiredOrganization = fc.record({
  name: fc.constantFrom("Acme", "Other"),
  slug: maybe(fc.constantFrom("acme", "other")),
  teams: maybe(teams),
  members: maybe(
    unique(fc.record({ email, role: role as fc.Arbitrary<"member">, teams: maybe(teams) }), ({ email }) => email),
  ),
  monitors: maybe(unique(fc.record({ name, ...monitorFields }), byName)),
  statusPages: maybe(unique(fc.record({ name, isPublic: fc.boolean() }), byName)),
  listsProjects: fc.boolean(),
  projects: unique(desiredProject, byName).map((all) => {
    const slugs = new Set(all.map(({ name }) => name));
    return all.map((one) => {
      const isFree = one.slug !== undefined && !slugs.has(one.slug);
      if (one.slug !== undefined) slugs.add(one.slug);
      return { ...one, key: one.name, slug: isFree ? one.slug : undefined };
    });
  }),
});

export const anyDesired: fc.Arbitrary<DesiredServer<Reference>> = fc.record({
  name: fc.constant("prod"),
  timeoutMs: fc.constant(30_000),
  retries: fc.constant(3),
  prune: fc.boolean(),
  allowPrivateAddresses: fc.boolean(),
  manages: fc.constantFrom(
    ["organization", "team", "project", "member", "key", "alert", "monitor", "statusPage"] as const,
    ["alert"] as const,
    ["team", "member"] as const,
  ),
  listsOrganizations: fc.boolean(),
  organizations: unique(desiredOrganization, byName).map((all) =>
    all.map((one, at) => (all.findIndex(({ slug }) => slug === one.slug) === at ? one : { ...one, slug: undefined })),
  ),
});

/** Numbers everything, so that no two things have the same id. */
const numbered = <T extends object>(list: readonly T[], from: number): (T & { id: string })[] =>
  list.map((one, at) => ({ ...one, id: String(from + at) }));

function observedProject(tellsTags: boolean) {
  return fc
    .record({
      slug: fc.constantFrom("a", "b", "x", "z"),
      name,
      platform: fc.constantFrom(null, "node"),
      throttle: fc.constantFrom(0, 10),
      teams: fc.uniqueArray(fc.constantFrom("a", "b")),
      keys: fc.array(fc.record({ label: fc.constantFrom("", "a", "glitchtip-compose"), rateLimit: limit }), {
        maxLength: 3,
      }),
      alerts: fc.array(
        fc.record({
          name: fc.constantFrom("", "a", "b"),
          timespanMinutes: amount,
          quantity: amount,
          uptime: fc.boolean(),
          recipients: fc.uniqueArray(observedRecipient(tellsTags), { selector: JSON.stringify, maxLength: 3 }),
        }),
        { maxLength: 4 },
      ),
    })
    .map(({ keys, alerts, ...rest }) => ({ ...rest, keys: numbered(keys, 100), alerts: numbered(alerts, 200) }));
}

export const anyObserved = (tellsTags: boolean): fc.Arbitrary<ObservedServer> =>
  fc
    .uniqueArray(
      fc.record({
        slug: fc.constantFrom("acme", "other", "third"),
        name: fc.constantFrom("Acme", "Other", "Third"),
        teams: fc.constant(
          numbered(
            ["a", "b"].map((slug) => ({ slug })),
            300,
          ),
        ),
        members: fc
          .array(fc.record({ email, role, pending: fc.boolean(), teams }), { maxLength: 3 })
          .map((all) => numbered(all, 400)),
        monitors: fc
          .array(fc.record({ name, ...monitorFields, projectId: fc.constantFrom(null, "500", "501") }), {
            maxLength: 3,
          })
          .map((all) => numbered(all, 600)),
        statusPages: fc.constant([]),
        projects: fc
          .uniqueArray(observedProject(tellsTags), { selector: ({ slug }) => slug, maxLength: 3 })
          .map((all): ObservedProject[] =>
            numbered(
              all.map((one) => ({ ...one, dateCreated: "then" })),
              500,
            ),
          ),
      }),
      { selector: ({ slug }) => slug, maxLength: 3 },
    )
    .map((all): ObservedOrganization[] =>
      numbered(
        all.map((one) => ({ ...one, dateCreated: "then" })),
        700,
      ),
    )
    .chain((organizations) => fc.record({ organizations: fc.constant(organizations), account: maybe(email) }));
