import { describe, expect, it } from "vitest";
import { loadServers } from "../../../../src/config/load.ts";
import { board, FILES, head, INSTANCE, imported, refused } from "./app-interface.ts";

describe("the files of app-interface", () => {
  it("are read with what they refer to", async () => {
    const { declared, text } = await imported(FILES);
    expect(declared).toEqual({
      version: 1,
      name: "my-glitchtip",
      server: {
        url: "https://glitchtip.example.com",
        token: "vault:app-sre/glitchtip/my-glitchtip#token",
        timeoutMs: 60_000,
        jiraBridge: { alertUrl: "https://gjb.example.com/api/v1/alert", token: "vault:app-sre/gjb/token#token" },
      },
      organization: "NASA",
      projects: {
        example: {
          team: "launch-pad",
          platform: "python",
          throttle: 5,
          alerts: [
            {
              name: "example-1",
              description: "in the file only",
              quantity: 2,
              timespanMinutes: 2,
              recipients: [{ type: "email" }, { type: "webhook", url: "https://example.com" }],
            },
            {
              name: "example-2",
              quantity: 2,
              timespanMinutes: 2,
              recipients: [{ type: "webhook", url: "vault:ecret/glitchtip/webhook-url#url?version=1" }],
            },
          ],
        },
        "jira-board-and-alerts": {
          slug: "another-slug",
          jira: {
            labels: ["example-label-1"],
            escalationPolicy: {
              channels: {
                jiraBoard: [
                  { name: "JIRA-VIA-BOARD", issueType: "CustomIssueType" },
                  { name: "QUIET", disable: { integrations: ["jira-permissions-validator"] } },
                ],
                jiraComponents: ["jira-component"],
                jiraLabels: ["escalation-label-1"],
              },
            },
          },
        },
        "jira-project": {
          jira: {
            project: "JIRA-VIA-PROJECT",
            labels: ["example-label-1", "example-label-2"],
            components: ["jira-component-1", "jira-component-2"],
          },
        },
        "no-alerts": {},
      },
      manage: ["alerts"],
    });
    expect(loadServers(text, "glitchtip.yaml").name).toBe("my-glitchtip");
  });

  it("are imported completely, or what is left out is reported", async () => {
    const { left, notes } = await imported({
      ...FILES,
      "glitchtip/p-2.yml": `${head("no-alerts")}colour: red\nalerts: [{name: a, quantity: 1, timespanMinutes: 1, severity: high, recipients: [{provider: email, cc: x}]}]\n`,
      "glitchtip/teams.yml": "$schema: /glitchtip/team-1.yml\nname: t\nroles: [x]\n",
      "glitchtip/esa.yml": "$schema: /glitchtip/organization-1.yml\nname: ESA\nowners: [x]\n",
      "glitchtip/p-9.yml": `${head("lost-team")}teams: [{$ref: /none.yml}]\n`,
      "apps/shop.yml": "$schema: /app-sre/app-1.yml\nname: shop\n",
      "notes.yml": "hello: there\n",
    });
    expect(left.map(({ where }) => where)).toEqual([
      "glitchtip/instance.yml: automationUserEmail",
      "glitchtip/p-1.yml: teams",
      "glitchtip/p-2.yml: alerts[0].recipients[0].cc",
      "glitchtip/p-2.yml: alerts[0].severity",
      "glitchtip/p-2.yml: colour",
      "glitchtip/p-9.yml: teams[0]",
      "apps/shop.yml",
      "notes.yml",
      "glitchtip/esa.yml: owners",
      "glitchtip/teams.yml: roles",
      "glitchtip/esa.yml",
    ]);
    expect(notes).toEqual([
      expect.stringMatching(/^manage: alerts is what glitchtip-project-alerts-api looked after.*prune: true$/),
    ]);
  });

  it("may lie below data/, where references start, or be the folder itself", async () => {
    const below = Object.fromEntries(Object.entries(FILES).map(([path, text]) => [`data/${path}`, text]));
    expect((await imported(below)).declared).toEqual((await imported(FILES)).declared);
  });

  it("with several instances make one declaration of several servers, or of the one that is asked for", async () => {
    const second = INSTANCE.replace("my-glitchtip\ndesc", "stage\ndesc").replace("https://gl", "https://stage-gl");
    const staged = `${head("staged").replace("{$ref: /glitchtip/nasa.yml}", "{name: Tests, instance: {name: stage}}")}`;
    const files = { ...FILES, "glitchtip/stage.yml": second, "glitchtip/p-5.yml": staged };
    const { declared, organizations, projects } = await imported(files);
    expect(Object.keys(declared)).toEqual(["version", "servers"]);
    expect(declared.servers.stage).toMatchObject({ url: "https://stage-glitchtip.example.com", manage: ["alerts"] });
    expect([organizations, projects]).toEqual([2, 5]);
    const { declared: one } = await imported(files, { instance: "my-glitchtip" });
    expect([one.name, one.servers]).toEqual(["my-glitchtip", undefined]);
    const error = await refused(files, { instance: "my-glitchtp" });
    expect([error.code, error.message]).toEqual([
      "GC1001",
      'there is no instance "my-glitchtp"; did you mean "my-glitchtip"?',
    ]);
  });

  it("may have an instance without projects, which is told; without any at all there is nothing to import", async () => {
    const { left, declared } = await imported({
      ...FILES,
      "stage.yml": INSTANCE.replace("my-glitchtip\ndesc", "stage\ndesc"),
    });
    expect(declared.name).toBe("my-glitchtip");
    expect(left.at(-1)).toEqual({ where: "stage.yml", why: expect.stringContaining("no project names") });
    expect((await refused({ "instance.yml": INSTANCE })).message).toMatch(/has no project of its instances$/);
  });

  it("give a note where no board of an escalation policy takes part", async () => {
    const { notes } = await imported({
      ...FILES,
      "boards/one.yml": board("X", "disable: {integrations: [glitchtip-project-alerts-api]}\n"),
    });
    expect(notes[0]).toBe("glitchtip/p-3.yaml: no board of its escalation policy takes part, so there are no tickets");
  });
});
