import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { CodedError } from "../../../../src/base/errors.ts";
import { loadServers } from "../../../../src/config/load.ts";
import { type ImportOptions, importInto } from "../../../../src/management/import/index.ts";
import { openServerStore, serverStorePath } from "../../../../src/outputs/server-store.ts";
import { TemporaryFolder } from "../../../support/workspace.ts";
import { NMEHLEI, type ResourceInState, SAMIRACHO, stateText } from "./state.ts";

async function imported(resources: readonly ResourceInState[], more: Partial<ImportOptions> = {}, before = "") {
  using folder = new TemporaryFolder();
  folder.write("state.json", stateText(resources));
  if (before !== "") folder.write("glitchtip.yaml", before);
  const options = { kind: "terraform", path: "state.json", file: "glitchtip.yaml", dryRun: false, ...more } as const;
  const result = await importInto(folder.path, options);
  const again = await importInto(folder.path, options);
  return {
    result,
    again,
    declared: parse(result.text),
    files: folder.files(),
    known: openServerStore(serverStorePath(folder.path, "glitchtip")).known,
  };
}

const refused = async (text: string): Promise<CodedError> => {
  using folder = new TemporaryFolder();
  folder.write("state.json", text);
  const options = { kind: "terraform", path: "state.json", file: "glitchtip.yaml", dryRun: false } as const;
  return await importInto(folder.path, options).then(
    () => expect.unreachable(),
    (error: unknown) => error as CodedError,
  );
};

describe("the state of samiracho's provider", () => {
  it("becomes a declaration that is valid, of the kinds that are in it", async () => {
    const { result, declared } = await imported(SAMIRACHO);
    expect(declared).toEqual({
      version: 1,
      server: { url: "https://errors.example.com", token: "env:GLITCHTIP_TOKEN" },
      organization: "Acme Inc",
      teams: ["backend"],
      members: [{ email: "dev@example.com", role: "manager" }],
      projects: {
        "Shop API": {
          team: "backend",
          platform: "node",
          throttle: 10,
          keys: [{ label: "production", rateLimit: { window: 60, count: 1000 } }],
          alerts: [
            {
              name: "High error rate",
              quantity: 100,
              timespanMinutes: 10,
              recipients: [
                { type: "email" },
                {
                  type: "discord",
                  url: "env:GLITCHTIP_SHOP_API_HIGH_ERROR_RATE_DISCORD_2_URL",
                  tagsToAdd: ["release"],
                },
              ],
            },
          ],
          monitors: [
            {
              name: "API health",
              type: "GET",
              url: "https://api.example.com/health",
              intervalSeconds: 60,
              timeoutSeconds: 20,
              expectedStatus: 200,
              confirmationThreshold: 3,
            },
          ],
        },
      },
      manage: ["organizations", "teams", "projects", "keys", "alerts", "monitors", "members"],
    });
    expect(loadServers(result.text, "glitchtip.yaml").organization).toBe("Acme Inc");
  });

  it("keeps the ids, so that everything is adopted; once more it writes nothing", async () => {
    const { known, again, files } = await imported(SAMIRACHO);
    expect(known).toEqual({
      organizations: {
        "Acme Inc": {
          id: "1",
          slug: "acme-inc",
          dateCreated: "2026-07-01T10:00:00.123456Z",
          projects: { "Shop API": { id: "7", slug: "shop-api", dateCreated: "2026-07-01T10:00:02.000001Z" } },
          teams: { backend: "3" },
        },
      },
    });
    expect([again.changed, again.added]).toEqual([false, []]);
    expect(files[".glitchtip/servers/glitchtip.jsonl"]?.trim().split("\n")).toHaveLength(3);
  });

  it("writes no sensitive value anywhere: a reference stands there, and is listed with whose it is", async () => {
    const { result, files } = await imported(SAMIRACHO);
    expect(result.secrets).toEqual([
      {
        reference: "env:GLITCHTIP_SHOP_API_HIGH_ERROR_RATE_DISCORD_2_URL",
        of: "glitchtip_project_alert.high: alert_recipients[1].url",
      },
      { reference: "env:GLITCHTIP_TOKEN", of: expect.stringContaining("API token") },
    ]);
    const { "state.json": _, ...written } = files;
    expect(JSON.stringify([written, result])).not.toMatch(/hunter2|2f1c0d9a8b7e4f3a/);
  });

  it("tells what has no place in the declaration", async () => {
    const { result } = await imported(SAMIRACHO);
    expect(result.left.map(({ where, why }) => `${where}: ${why}`)).toEqual([
      "glitchtip_project_team.this: a project is declared with one team; that web has it too stays as it is on the server",
    ]);
  });
});

describe("the state of nmehlei's provider", () => {
  it("becomes the same, by its other names; without dates things are found by their slugs", async () => {
    const { declared, result, known } = await imported(NMEHLEI);
    expect(declared).toEqual({
      version: 1,
      server: { url: "https://glitchtip.example.com", token: "env:GLITCHTIP_TOKEN" },
      organization: "Acme",
      teams: ["platform"],
      projects: {
        "checkout-service": {
          team: "platform",
          platform: "python",
          keys: [{ label: "default" }],
          alerts: [
            {
              name: "new issues",
              quantity: 1,
              timespanMinutes: 1,
              uptime: true,
              recipients: [{ type: "ntfy", url: "env:GLITCHTIP_CHECKOUT_SERVICE_NEW_ISSUES_NTFY_URL" }],
            },
          ],
        },
      },
      manage: ["organizations", "teams", "projects", "keys", "alerts"],
    });
    expect(known).toEqual({ organizations: {} });
    expect(JSON.stringify(result)).not.toMatch(/hunter2|aaaabbbb/);
  });
});

describe("a state", () => {
  const alert = {
    organization: "acme",
    project: "shop",
    name: "a",
    timespan_minutes: 1,
    quantity: 1,
    alert_recipients: [],
  };

  it("does not take a Jira bridge's alert for one of the declaration's own, nor its token", async () => {
    const bridge = { ...alert, id: 43, name: "Glitchtip-Jira-Bridge-Integration" };
    const { declared, result } = await imported([
      { type: "glitchtip_project_alert", attributes: alert },
      { type: "glitchtip_project_alert", name: "bridge", attributes: bridge },
    ]);
    expect(JSON.stringify(declared)).not.toContain("Bridge");
    expect(result.left).toMatchObject([
      { where: "glitchtip_project_alert.bridge", why: expect.stringContaining("`jira`") },
    ]);
  });

  it("that looks after alerts alone lets all else alone", async () => {
    const { declared, result } = await imported([{ type: "glitchtip_project_alert", attributes: alert }]);
    expect(declared).toMatchObject({
      organization: "acme",
      manage: ["alerts"],
      projects: { shop: { alerts: [{ name: "a" }] } },
    });
    expect(result.notes).toContain("the state does not say where the server is: --url https://…");
  });

  it("may say by a data source what an organization is called; its slug is stated where the name does not make it", async () => {
    const { declared, result } = await imported(
      [
        { type: "glitchtip_organization", mode: "data", attributes: { id: "1", slug: "acme", name: "Acme & Sons" } },
        { type: "glitchtip_project_alert", attributes: alert },
      ],
      { url: "https://errors.example.com", token: "vault:ci/glitchtip#token" },
    );
    expect(declared.server).toEqual({ url: "https://errors.example.com", token: "vault:ci/glitchtip#token" });
    expect(declared.organizations).toEqual({
      "Acme & Sons": { slug: "acme", projects: { shop: { alerts: [expect.anything()] } } },
    });
    expect(result.left).toEqual([
      { where: "data.glitchtip_organization.this", why: "is only read by Terraform, so there is nothing to take over" },
    ]);
  });

  it("tells of everything else that it holds", async () => {
    const { result } = await imported([
      { type: "glitchtip_project_alert", name: "named", attributes: { ...alert, colour: "red" } },
      { type: "glitchtip_project_alert", name: "nameless", key: 0, attributes: { ...alert, id: 4, name: null } },
      { type: "glitchtip_project_alert", name: "old", attributes: alert, deposed: "00000000" },
      { type: "glitchtip_project_key", attributes: { ...alert, name: null }, status: "tainted" },
      {
        type: "glitchtip_project",
        name: "one",
        attributes: { organization: "acme", id: "1", name: "shop", slug: "shop" },
      },
      {
        type: "glitchtip_project",
        name: "two",
        attributes: { organization: "acme", id: "1", name: "shop", slug: "shop" },
      },
      { type: "glitchtip_saml", attributes: {} },
      { type: "aws_instance", name: "a", attributes: { password: "hunter2" } },
      { type: "aws_instance", name: "b", attributes: {} },
      {
        type: "glitchtip_monitor",
        attributes: { organization: "acme", name: "m", monitor_type: "Heartbeat", interval: 60, project_id: "99" },
      },
    ]);
    expect(result.left.map(({ where, why }) => `${where}: ${why}`)).toEqual([
      "glitchtip_project_alert.old: is deposed: Terraform was about to delete it",
      "glitchtip_project_key.this: is tainted: Terraform was about to replace it; it is taken as it is",
      "glitchtip_project.two: the project shop is in the state twice; the other one counts",
      "glitchtip_project_key.this: is a key without a label, which cannot be declared; it stays",
      "glitchtip_project_key.this: timespan_minutes: is not known",
      "glitchtip_project_key.this: quantity: is not known",
      "glitchtip_project_key.this: alert_recipients: is not known",
      "glitchtip_project_alert.named: colour: is not known",
      "glitchtip_project_alert.nameless[0]: alert 4 has no name, and alerts are declared by their names; give it one, then import again",
      "glitchtip_monitor.this: project_id: no project of this state has the id 99; it is declared for the organization",
      "glitchtip_saml.this: glitchtip_saml is not known",
      "2 aws_instance: is not GlitchTip's; it stays with Terraform",
    ]);
  });

  it.each([
    ["of another version", '{"version": 3, "modules": []}', /is no Terraform state of version 4/],
    ["that is no JSON", "resource {} hunter2", /is no Terraform state of version 4/],
    ["that is encrypted", '{"encrypted_data": "hunter2", "version": 4}', /is encrypted/],
    [
      "of no schema of GlitchTip's",
      stateText([{ type: "aws_instance", attributes: {} }]),
      /holds nothing of a GlitchTip provider/,
    ],
  ])("%s is refused, with what to do and nothing of its text", async (_, text, message) => {
    const error = await refused(text);
    expect(error.code).toBe("GC1102");
    expect(error.message).toMatch(message);
    expect(JSON.stringify(error) + String(error.cause)).not.toContain("hunter2");
    expect(error.remedy).toBeDefined();
  });
});
