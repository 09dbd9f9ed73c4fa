import { describe, expect, it } from "vitest";
import { Secret } from "../../../../src/base/secret.ts";
import { loadServers } from "../../../../src/config/load.ts";
import { importInto } from "../../../../src/management/import/index.ts";
import { desiredServers } from "../../../../src/reconcile/from-declaration.ts";
import type { KnownServer } from "../../../../src/reconcile/matching.ts";
import type { ObservedOrganization, ObservedProject } from "../../../../src/reconcile/observed.ts";
import { planServer } from "../../../../src/reconcile/plan.ts";
import { resolveDesired } from "../../../../src/reconcile/resolve.ts";
import { TemporaryFolder } from "../../../support/workspace.ts";
import { FILES, folderOf, options } from "./app-interface.ts";
import { NMEHLEI, type ResourceInState, SAMIRACHO, stateText } from "./state.ts";

const planned = async (
  text: string,
  organization: ObservedOrganization,
  secrets: Readonly<Record<string, string>>,
  known: KnownServer,
) => {
  const [desired] = desiredServers(loadServers(text, "glitchtip.yaml"), "glitchtip");
  if (desired === undefined) return expect.unreachable("no server is declared");
  const resolved = await resolveDesired(desired, async ({ reference }) => new Secret(secrets[reference] ?? reference));
  return planServer(resolved, { organizations: [organization] }, { generation: "6", strict: false, known });
};

/** The plan of what was imported from this state, its secrets set, against this server. */
async function planOf(
  resources: readonly ResourceInState[],
  organization: ObservedOrganization,
  secrets: Readonly<Record<string, string>>,
) {
  using folder = new TemporaryFolder();
  folder.write("state.json", stateText(resources));
  const options = { kind: "terraform", path: "state.json", file: "glitchtip.yaml", dryRun: false } as const;
  const { text, ids } = await importInto(folder.path, options);
  const { actions } = await planned(text, organization, secrets, ids.glitchtip ?? { organizations: {} });
  return actions.map(({ type, kind, ...action }) => `${type} ${kind} ${"name" in action ? action.name : ""}`.trim());
}

const SHOP: ObservedProject = {
  id: "7",
  slug: "shop-api",
  name: "Shop API",
  dateCreated: "2026-07-01T10:00:02.000001Z",
  platform: "node",
  throttle: 10,
  teams: ["backend", "web"],
  keys: [{ id: "2f1c0d9a-8b7e-4f3a-9c1d-2e3f4a5b6c7d", label: "production", rateLimit: { window: 60, count: 1000 } }],
  alerts: [
    {
      id: "42",
      name: "High error rate",
      timespanMinutes: 10,
      quantity: 100,
      uptime: false,
      recipients: [
        { type: "email", url: "" },
        { type: "discord", url: "https://discord.example.com/hook/hunter2", tagsToAdd: ["release"] },
      ],
    },
  ],
};
const ACME: ObservedOrganization = {
  id: "1",
  slug: "acme-inc",
  name: "Acme Inc",
  dateCreated: "2026-07-01T10:00:00.123456Z",
  teams: [
    { id: "3", slug: "backend" },
    { id: "4", slug: "web" },
  ],
  members: [
    { id: "5", email: "dev@example.com", role: "manager", pending: false },
    { id: "6", email: "owner@example.com", role: "owner", pending: false },
  ],
  monitors: [
    {
      id: "9",
      name: "API health",
      type: "GET",
      url: "https://api.example.com/health",
      intervalSeconds: 60,
      timeoutSeconds: 20,
      expectedStatus: 200,
      expectedBody: "",
      confirmationThreshold: 3,
      projectId: "7",
    },
  ],
  projects: [SHOP],
};
const HOOK = { "env:GLITCHTIP_SHOP_API_HIGH_ERROR_RATE_DISCORD_2_URL": "https://discord.example.com/hook/hunter2" };

describe("what was imported from Terraform", () => {
  it("plans no change on the server that it came from", async () => {
    expect(await planOf(SAMIRACHO, ACME, HOOK)).toEqual([]);
  });

  it("is adopted by its ids even where everything was renamed meanwhile", async () => {
    const renamed = { ...ACME, name: "Other", slug: "other", projects: [{ ...SHOP, name: "Sold", slug: "sold" }] };
    const made = async (organization: ObservedOrganization) =>
      (await planOf(SAMIRACHO, organization, HOOK)).filter((action) => !action.startsWith("update"));
    expect(await made(renamed)).toEqual([]);
    expect(await made({ ...renamed, dateCreated: "2026-08-01T00:00:00Z" })).toContain("create organization Acme Inc");
  });

  it("plans no change either where the state has no dates, and objects are found by their slugs", async () => {
    const project: ObservedProject = {
      id: "7",
      slug: "checkout-service",
      name: "checkout-service",
      dateCreated: "2026-07-01T10:00:02Z",
      platform: "python",
      throttle: 0,
      teams: ["platform", "web"],
      keys: [{ id: "1", label: "default", rateLimit: null }],
      alerts: [
        {
          id: "1",
          name: "new issues",
          timespanMinutes: 1,
          quantity: 1,
          uptime: true,
          recipients: [{ type: "ntfy", url: "https://ntfy.example.com/hunter2" }],
        },
      ],
    };
    const organization = {
      id: "1",
      slug: "acme",
      name: "Acme",
      dateCreated: "2026-07-01T10:00:00Z",
      teams: [{ id: "3", slug: "platform" }],
      projects: [project],
    };
    const hook = { "env:GLITCHTIP_CHECKOUT_SERVICE_NEW_ISSUES_NTFY_URL": "https://ntfy.example.com/hunter2" };
    expect(await planOf(NMEHLEI, organization, hook)).toEqual([]);
  });
});

describe("what was imported from app-interface", () => {
  const project = (id: string, name: string, slug: string, alerts: ObservedProject["alerts"]): ObservedProject => ({
    ...{ id, name, slug, alerts },
    dateCreated: "2026-07-01T10:00:02Z",
    platform: null,
    throttle: 0,
    teams: ["other"],
  });
  const alert = { timespanMinutes: 2, quantity: 2, uptime: false };
  const JIRA = { id: "5", name: "Glitchtip-Jira-Bridge-Integration", timespanMinutes: 1, quantity: 1, uptime: false };
  const gjb = (path: string) => [{ type: "webhook", url: `https://gjb.example.com/api/v1/alert/${path}` }];
  const NASA: ObservedOrganization = {
    id: "1",
    slug: "nasa",
    name: "NASA",
    dateCreated: "2026-07-01T10:00:00Z",
    projects: [
      project("1", "example", "example", [
        {
          ...alert,
          id: "1",
          name: "example-1",
          recipients: [
            { type: "email", url: "" },
            { type: "webhook", url: "https://example.com/" },
          ],
        },
        {
          ...alert,
          id: "2",
          name: "example-2",
          recipients: [{ type: "webhook", url: "https://hooks.example.com/secret" }],
        },
      ]),
      project("2", "no-alerts", "no-alerts", [{ ...alert, id: "3", name: "by hand", recipients: [] }]),
      project("3", "jira-board-and-alerts", "another-slug", [
        {
          ...JIRA,
          recipients: gjb(
            "JIRA-VIA-BOARD?labels=example-label-1&labels=escalation-label-1&components=jira-component&token=secret&issue_type=CustomIssueType",
          ),
        },
      ]),
    ],
  };
  const SECRETS = {
    "vault:ecret/glitchtip/webhook-url#url?version=1": "https://hooks.example.com/secret",
    "vault:app-sre/gjb/token#token": "secret",
  };

  it("plans no change to the alerts that qontract-reconcile made, tells what it would have deleted, and skips what is missing", async () => {
    using folder = folderOf(FILES);
    const { text } = await importInto(folder.path, options());
    const { actions, undeclared, warnings, errors } = await planned(text, NASA, SECRETS, { organizations: {} });
    expect(actions).toEqual([]);
    expect(undeclared).toMatchObject([{ kind: "alert", name: "by hand" }]);
    expect(errors).toEqual([]);
    expect(warnings.map(({ message }) => message)).toEqual([
      "Project 'jira-project' not found in org 'NASA', skipping",
    ]);
  });
});
