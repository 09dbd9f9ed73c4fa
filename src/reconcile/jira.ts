import { Secret } from "../base/secret.ts";
import { JIRA_ALERT } from "../config/contents-checks.ts";
import type { DesiredAlert, DesiredRecipient, JiraTarget } from "./desired.ts";
import { clearText } from "./recipients.ts";

export { JIRA_ALERT };

/** As app-sre's documents have it, with its names. */
export interface JiraIntegration {
  readonly project?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly components?: readonly string[] | undefined;
  readonly issueType?: string | undefined;
  readonly escalationPolicy?:
    | {
        readonly channels: {
          readonly jiraBoard: readonly JiraBoard[];
          readonly jiraComponents?: readonly string[] | undefined;
          readonly jiraLabels?: readonly string[] | undefined;
        };
      }
    | undefined;
}

export interface JiraBoard {
  readonly name: string;
  readonly issueType?: string | undefined;
  readonly disable?: { readonly integrations?: readonly string[] | undefined } | undefined;
}

/** Boards that opt out name the integration, under its name of today or the one before, or the check of their rights. */
const OPT_OUTS = ["glitchtip-project-alerts-api", "glitchtip-project-alerts", "jira-permissions-validator"];

/** The boards that get tickets; `project` wins over the escalation policy. */
export function jiraTargets<S>(
  { project, labels = [], components = [], issueType, escalationPolicy }: JiraIntegration,
  bridge: { readonly alertUrl: string; readonly token?: S | undefined },
): JiraTarget<S>[] {
  if (project !== undefined) return [{ ...bridge, project, labels, components, issueType }];
  const { jiraBoard = [], jiraComponents = [], jiraLabels = [] } = escalationPolicy?.channels ?? {};
  return jiraBoard
    .filter(({ disable }) => !disable?.integrations?.some((name) => OPT_OUTS.includes(name)))
    .map((board) => ({
      ...bridge,
      project: board.name,
      labels: [...labels, ...jiraLabels],
      components: [...components, ...jiraComponents],
      issueType: board.issueType ?? issueType,
    }));
}

/** One alert, at every event; several boards are its recipients, for an alert is known again by its name. */
export function jiraAlert<S>(targets: readonly JiraTarget<S>[]): DesiredAlert<S> | undefined {
  if (targets.length === 0) return undefined;
  const recipients = targets.map((jira): DesiredRecipient<S> => ({ type: "webhook", url: "", jira }));
  return { name: JIRA_ALERT, timespanMinutes: 1, quantity: 1, uptime: false, recipients };
}

/** What GlitchTip posts to. It cannot send headers, so the token stands in the query. */
export function jiraUrl({
  alertUrl,
  token,
  project,
  labels,
  components,
  issueType,
}: JiraTarget<Secret>): string | Secret {
  const query = new URLSearchParams([
    ...labels.map((label) => ["labels", label]),
    ...components.map((component) => ["components", component]),
    ...(token === undefined ? [] : [["token", token.reveal()]]),
    ...(issueType === undefined ? [] : [["issue_type", issueType]]),
  ] as [string, string][]).toString();
  const base = clearText(alertUrl).replace(/[/?]+$/, "");
  const url = `${base}/${encodeURIComponent(project)}${query === "" ? "" : `?${query}`}`;
  return token === undefined && typeof alertUrl === "string" ? url : new Secret(url);
}
