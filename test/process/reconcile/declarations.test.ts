import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GENERATIONS } from "../../../src/glitchtip/versions.ts";
import { desired, HEAD } from "../../support/planning.ts";
import { notApplied, reconcile, startReconciling } from "../../support/reconciling.ts";

const page = readFileSync(new URL("../../../docs/server.md", import.meta.url), "utf8");
const [, shown = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];

const secrets = {
  "env:DISCORD_HOOK": "https://discord.example/api/webhooks/1",
  "vault:apps/bridge#token": "b".repeat(40),
  "env:HOOK": "https://h.example.com/ä b",
};
const BRIDGE = HEAD.replace(
  "'env:TOKEN'",
  "'env:TOKEN', jiraBridge: {alertUrl: 'http://gjb.com/api/v1/alert/', token: 'vault:apps/bridge#token'}",
);
const EMAIL = "{name: example, quantity: 2, timespanMinutes: 2, recipients: [{type: email}";

const DECLARATIONS: Readonly<Record<string, string>> = {
  "that docs/server.md shows": shown.replace("boss@example.com", "admin@example.com"),
  "with e-mail, webhook and a webhook from a secret": `${HEAD}projects:
  example:
    alerts:
      - ${EMAIL}, {type: webhook, url: 'https://example.com'}]}
      - {name: example-2, quantity: 2, timespanMinutes: 2, recipients: [{type: webhook, url: 'env:HOOK'}]}
`,
  "without any alerts": `${HEAD}projects: {no-alerts: {alerts: []}}\n`,
  "with a board of an escalation policy beside an alert": `${BRIDGE}projects:
  jira-board-and-alerts:
    alerts: [${EMAIL}]}]
    jira: {labels: [a, 'b c'], escalationPolicy: {channels: {jiraBoard: [{name: ONE, issueType: CustomIssueType}, {name: TWO}], jiraComponents: [c], jiraLabels: [d]}}}
`,
  "with a Jira project alone": `${BRIDGE}projects: {jira-project: {jira: {project: P, components: [c1, c2], labels: [l1]}}}\n`,
  "of every odd address": `${HEAD}projects: {odd: {alerts: [{name: odd, quantity: 0, timespanMinutes: 32767, recipients: [{type: webhook, url: 'HTTPS://Hooks.Example.com:443'}, {type: webhook, url: 'https://büro.example/pfad?q=ä b'}]}]}}\n`,
  "of several organizations": `${HEAD}organizations: {Labs: {teams: [a], projects: {lab: {team: a, name: The Lab}}}}\nprojects: {shop: {slug: shop, throttle: 5}}\n`,
};

describe.each(GENERATIONS)("on GlitchTip %s a declaration", (generation) => {
  it.each(Object.keys(DECLARATIONS))("%s is applied whole, and a second apply writes nothing", async (name) => {
    // Tags are refused for 4.1, which knows none.
    const text = (DECLARATIONS[name] ?? "").replace(generation === "4.1" ? ", tagsToAdd: [release]" : "\0", "");
    await using server = await startReconciling({ generation, registration: "open" });
    const wanted = await desired(text, secrets);
    const first = await reconcile(server.context, wanted, generation);
    expect(first.plan.errors).toEqual([]);
    expect(first.plan.actions.length).toBeGreaterThan(0);
    expect(notApplied(first.outcomes)).toEqual([]);
    const second = await reconcile(server.reopen(), wanted, generation);
    expect([second.plan.actions, second.plan.undeclared.map(({ name: of }) => of)]).toEqual([[], []]);
  });

  it("that renames a project changes this project, and finds it again", async () => {
    await using server = await startReconciling({ generation });
    const declare = (name: string) => desired(`${HEAD}projects: {shop: {name: ${name}, alerts: [${EMAIL}]}]}}\n`);
    await reconcile(server.context, await declare("Shop"), generation);
    const renamed = await reconcile(server.reopen(), await declare("Store"), generation);
    expect(renamed.plan.actions).toMatchObject([{ type: "update", kind: "project", changes: [{ field: "name" }] }]);
    expect((await reconcile(server.reopen(), await declare("Store"), generation)).plan.actions).toEqual([]);
    expect(server.emulator.snapshot().projects).toMatchObject([{ slug: "shop", name: "Store" }]);
  });
});

it("on GlitchTip 6 all its kinds of recipients are applied and stay, and other tags make the alert anew", async () => {
  await using server = await startReconciling({ generation: "6" });
  const plain = ["webhook", "discord", "googlechat", "teams", "ntfy", "feishu"].map(
    (type) => `{type: ${type}, url: 'https://${type}.example.com', tagsToAdd: [release]}`,
  );
  const zulip = "{type: zulip, url: 'https://z.example.com', botEmail: b@x.y, apiKey: 'env:HOOK', channel: c}";
  const text = `${HEAD}projects: {shop: {alerts: [{name: all, uptime: true, recipients: [{type: email}, ${zulip}, ${plain}]}]}}\n`;
  const wanted = await desired(text, secrets);
  expect((await reconcile(server.context, wanted)).plan.errors).toEqual([]);
  expect((await reconcile(server.reopen(), wanted)).plan.actions).toEqual([]);
  const retagged = await desired(text.replace("[release]", "[environment]"), secrets);
  expect((await reconcile(server.reopen(), retagged)).plan.actions).toMatchObject([{ desired: { anew: true } }]);
  expect((await reconcile(server.reopen(), retagged)).plan.actions).toEqual([]);
});
