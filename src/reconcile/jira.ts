import { Secret } from "../base/secret.ts";
import { JIRA_ALERT } from "../config/contents-checks.ts";
import type { DesiredAlert, DesiredRecipient, JiraTarget } from "./desired.ts";
import { clearText } from "./recipients.ts";

export { JIRA_ALERT };

/** The `jira` of a project, with the names of app-sre's documents. */
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

/** The names by which a board opts out: the integration's current and former name, and the check of its permissions. */
const OPT_OUTS = ["glitchtip-project-alerts-api", "glitchtip-project-alerts", "jira-permissions-validator"];

/** Returns the boards that get tickets. `project` takes precedence over the escalation policy. */
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

/**
 * Returns one alert, which fires at every event, with the boards as its recipients: an alert is identified by its
 * name.
 */
export function jiraAlert<S>(targets: readonly JiraTarget<S>[]): DesiredAlert<S> | undefined {
  if (targets.length === 0) return undefined;
  const recipients = targets.map((jira): DesiredRecipient<S> => ({ type: "webhook", url: "", jira }));
  return { name: JIRA_ALERT, timespanMinutes: 1, quantity: 1, uptime: false, recipients };
}

/** Returns the URL that GlitchTip posts to. It cannot send headers, so the token is in the query. */
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
