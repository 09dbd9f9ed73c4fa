import { expect } from "vitest";
import { parse } from "yaml";
import type { CodedError } from "../../../../src/base/errors.ts";
import { type ImportOptions, importInto } from "../../../../src/management/import/index.ts";
import { TemporaryFolder } from "../../../support/workspace.ts";

export const INSTANCE = `---
$schema: /glitchtip/instance-1.yml
name: my-glitchtip
description: Production Glitchtip instance
consoleUrl: https://glitchtip.example.com/
automationUserEmail:
  path: app-sre/glitchtip/my-glitchtip
  field: email
automationToken:
  path: app-sre/glitchtip/my-glitchtip
  field: token
readTimeout: 60
maxRetries: 0
glitchtipJiraBridgeAlertUrl: https://gjb.example.com/api/v1/alert/
glitchtipJiraBridgeToken:
  path: app-sre/gjb/token
  field: token
`;
const ORGANIZATION = `$schema: /glitchtip/organization-1.yml
name: NASA
instance: {$ref: /glitchtip/instance.yml}
`;
export const head = (name: string) => `$schema: /glitchtip/project-1.yml
name: ${name}
organization: {$ref: /glitchtip/nasa.yml}
`;
const BOARDS = `$schema: /app-sre/escalation-policy-1.yml
name: policy
channels:
  slackUserGroup: []
  jiraBoard:
    - $ref: /boards/one.yml
    - $ref: /boards/two.yml
  jiraComponents: [jira-component]
  jiraLabels: [escalation-label-1]
`;
export const board = (name: string, more = "") => `$schema: /dependencies/jira-board-1.yml\nname: ${name}\n${more}`;

export const FILES: Readonly<Record<string, string>> = {
  "glitchtip/instance.yml": INSTANCE,
  "glitchtip/nasa.yml": ORGANIZATION,
  "glitchtip/p-1.yml": `${head("example")}projectId: example
platform: python
eventThrottleRate: 5
teams: [{name: Launch Pad}, {name: other}]
alerts:
  - name: example-1
    description: in the file only
    quantity: 2
    timespanMinutes: 2
    recipients:
      - provider: email-project-members
      - provider: webhook
        url: https://example.com
  - name: example-2
    quantity: 2
    timespanMinutes: 2
    recipients:
      - provider: webhook
        url:
        urlSecret: {path: ecret/glitchtip/webhook-url, field: url, version: 1, format: null}
`,
  "glitchtip/p-2.yml": `${head("no-alerts")}alerts:\njira:\n`,
  "glitchtip/p-3.yaml": `${head("jira-board-and-alerts")}projectId: another-slug
jira:
  labels: [example-label-1]
  escalationPolicy: {$ref: /policies/jira.yml}
`,
  "glitchtip/p-4.yml": `${head("jira-project")}jira:
  project: JIRA-VIA-PROJECT
  components: [jira-component-1, jira-component-2]
  labels: [example-label-1, example-label-2]
`,
  "policies/jira.yml": BOARDS,
  "boards/one.yml": board("JIRA-VIA-BOARD", "issueType: CustomIssueType\n"),
  "boards/two.yml": board("QUIET", "disable: {integrations: [jira-permissions-validator]}\n"),
};

export function folderOf(files: Readonly<Record<string, string>>): TemporaryFolder {
  const folder = new TemporaryFolder();
  for (const [path, text] of Object.entries(files)) folder.write(`data/${path}`, text);
  return folder;
}

export const options = (more: Partial<ImportOptions> = {}): ImportOptions => ({
  kind: "app-interface",
  path: "data",
  file: "glitchtip.yaml",
  dryRun: false,
  ...more,
});

export async function imported(files: Readonly<Record<string, string>>, more: Partial<ImportOptions> = {}) {
  using folder = folderOf(files);
  const result = await importInto(folder.path, options(more));
  return { ...result, declared: parse(result.text) };
}

export const refused = async (
  files: Readonly<Record<string, string>>,
  more: Partial<ImportOptions> = {},
): Promise<CodedError> =>
  await imported(files, more).then(
    () => expect.unreachable(),
    (error: unknown) => error as CodedError,
  );

/** One project with this in it, beside the instance. */
export const withProject = (text: string) => ({
  "instance.yml": INSTANCE,
  "p.yml": `$schema: /glitchtip/project-1.yml\nname: shop\norganization: {name: Acme, instance: {name: my-glitchtip}}\n${text}`,
});
