import { describe, expect, it } from "vitest";
import { clearText } from "../../../src/reconcile/recipients.ts";
import { acme, alert, desired, lines, plan, project } from "../../support/planning.ts";

const NAME = "Glitchtip-Jira-Bridge-Integration";
const text = (jira: string, { bridge = "{alertUrl: 'http://gjb.com', token: 'env:GJB'}", more = "", top = "" } = {}) =>
  `version: 1\nserver: {url: https://g.example.com, token: 'env:TOKEN', jiraBridge: ${bridge}}\n${top}organization: Acme\nprojects: {shop: {jira: ${jira}${more}}}\n`;
const secrets = { "env:GJB": "secret" };
const POLICY =
  "{labels: [example-label-1, example-label-2], escalationPolicy: {channels: {jiraBoard: [{name: JIRA-VIA-BOARD, issueType: CustomIssueType}], jiraComponents: [jira-component], jiraLabels: [escalation-label-1, escalation-label-2]}}}";
const PROJECT =
  "{project: JIRA-VIA-PROJECT, components: [jira-component-1, jira-component-2], labels: [example-label-1, example-label-2]}";

async function alertsOf(declaration: string) {
  const server = await desired(declaration, secrets);
  return server.organizations[0]?.projects[0]?.alerts ?? [];
}
const urlsOf = async (declaration: string) =>
  (await alertsOf(declaration)).flatMap(({ recipients }) => recipients.map(({ url }) => clearText(url)));

describe("the Jira bridge", () => {
  it("is an alert with its reserved name, one event a minute and one webhook", async () => {
    const [bridge, ...others] = await alertsOf(text(PROJECT));
    expect(bridge).toMatchObject({ name: NAME, timespanMinutes: 1, quantity: 1, uptime: false });
    expect(bridge?.recipients).toMatchObject([{ type: "webhook" }]);
    expect(others).toEqual([]);
  });

  it("has the project's URL with labels, components and token in that order", async () => {
    expect(await urlsOf(text(PROJECT))).toEqual([
      "http://gjb.com/JIRA-VIA-PROJECT?labels=example-label-1&labels=example-label-2&components=jira-component-1&components=jira-component-2&token=secret",
    ]);
  });

  it("has the URL of the escalation policy's board with the labels of both, and its issue type at the end", async () => {
    expect(await urlsOf(text(POLICY))).toEqual([
      "http://gjb.com/JIRA-VIA-BOARD?labels=example-label-1&labels=example-label-2&labels=escalation-label-1&labels=escalation-label-2&components=jira-component&token=secret&issue_type=CustomIssueType",
    ]);
  });

  it("adds the project's components to a board, which the other tool omits", async () => {
    expect(
      await urlsOf(
        text("{components: [a], escalationPolicy: {channels: {jiraBoard: [{name: B}], jiraComponents: [b]}}}"),
      ),
    ).toEqual(["http://gjb.com/B?components=a&components=b&token=secret"]);
  });

  it("prefers the project where both are declared", async () => {
    const both = "{project: P, escalationPolicy: {channels: {jiraBoard: [{name: B}]}}}";
    expect(await urlsOf(text(both))).toEqual(["http://gjb.com/P?token=secret"]);
  });

  it("encodes blanks as +, and omits ? without a query", async () => {
    expect(await urlsOf(text("{project: P, labels: ['a b&c'], issueType: Task}"))).toEqual([
      "http://gjb.com/P?labels=a+b%26c&token=secret&issue_type=Task",
    ]);
    expect(await urlsOf(text("{project: P}", { bridge: "{alertUrl: 'http://gjb.com/'}" }))).toEqual([
      "http://gjb.com/P",
    ]);
  });

  it.each(["http://gjb.com/api/v1/alert", "http://gjb.com/api/v1/alert/", "http://gjb.com/api/v1/alert//"])(
    "takes the bridge's address %s with or without a slash at its end",
    async (alertUrl) => {
      expect(await urlsOf(text("{project: P}", { bridge: `{alertUrl: '${alertUrl}'}` }))).toEqual([
        "http://gjb.com/api/v1/alert/P",
      ]);
    },
  );

  it.each(["glitchtip-project-alerts-api", "glitchtip-project-alerts", "jira-permissions-validator"])(
    "leaves out a board that disables %s; with none left there is no alert, and no error",
    async (integration) => {
      const board = `{name: B, disable: {integrations: [${integration}]}}`;
      const policy = (boards: string) => `{escalationPolicy: {channels: {jiraBoard: [${boards}]}}}`;
      expect(await urlsOf(text(policy(`${board}, {name: C}`)))).toEqual(["http://gjb.com/C?token=secret"]);
      expect(await alertsOf(text(policy(board)))).toEqual([]);
    },
  );

  it("makes one alert for several boards with a recipient each, and a second run changes nothing", async () => {
    const declaration = text("{escalationPolicy: {channels: {jiraBoard: [{name: B}, {name: C}]}}}");
    const recipients = [
      { type: "webhook", url: "http://gjb.com/C?token=secret" },
      { type: "webhook", url: "http://gjb.com/B?token=secret" },
    ];
    const first = await plan(declaration, acme([project("shop", { alerts: [] })]), { secrets });
    expect(lines(first)).toEqual([`create alert shop ${NAME}`]);
    const there = alert(NAME, { timespanMinutes: 1, quantity: 1, recipients });
    expect(lines(await plan(declaration, acme([project("shop", { alerts: [there] })]), { secrets }))).toEqual([]);
  });

  it("never shows its token, nor a URL that contains it", async () => {
    const printed = JSON.stringify(await plan(text(PROJECT), acme([project("shop", { alerts: [] })]), { secrets }));
    expect(printed).toContain("webhook http://gjb.com/[secret]");
    expect(printed).not.toContain("token=secret");
  });

  it("is planned beside the project's own alerts", async () => {
    const more = ", alerts: [{name: errors, quantity: 1, timespanMinutes: 1, recipients: [{type: email}]}]";
    expect((await alertsOf(text(PROJECT, { more }))).map(({ name }) => name)).toEqual(["errors", NAME]);
  });

  it("without declared alerts leaves all other alerts as they are, even with prune", async () => {
    const observed = acme([project("shop", { alerts: [alert("mine")] })]);
    const { actions, undeclared } = await plan(text("{project: P}", { top: "prune: true\n" }), observed, { secrets });
    expect([actions.map(({ name }) => name), undeclared]).toEqual([[NAME], []]);
  });

  it("is reported as missing where the server declares no bridge", async () => {
    const declaration = text("{project: P}").replace(/, jiraBridge: \{[^}]*\}/, "");
    const { actions, warnings } = await plan(declaration, acme([project("shop", { alerts: [] })]));
    expect(actions).toEqual([]);
    expect(warnings).toMatchObject([{ project: "shop", message: expect.stringContaining("no jiraBridge") }]);
  });
});
