import { DEFAULT_TEAM } from "../config/default-team.ts";
import type {
  AlertDeclaration,
  MonitorDeclaration,
  Path,
  ProjectDeclaration,
  RecipientDeclaration,
  ServerPart,
} from "../config/inside/parts.ts";
import { parseReference } from "../references/reference.ts";
import { jiraAlert, jiraTargets } from "./jira.ts";
import type { DesiredAlert, DesiredMonitor, DesiredProject, DesiredRecipient, Reference } from "./model.ts";
import type { Scope } from "./scope.ts";

/** What one project of the declaration wants. */
export function desiredProject(
  key: string,
  project: ProjectDeclaration,
  path: Path,
  { jiraBridge }: ServerPart["connection"],
  scope: Scope,
  server: Path,
): DesiredProject<Reference> {
  const { name, slug, team, platform, throttle, keys, alerts, monitors, jira } = project;
  const ownAlerts = scope.list("alerts", alerts, (one, at) => desiredAlert(one, [...path, "alerts", at]));
  const token = jiraBridge?.token;
  const bridge = jiraBridge && {
    alertUrl: jiraBridge.alertUrl,
    token: token === undefined ? undefined : reference(token, [...server, "jiraBridge", "token"]),
  };
  const bridged = jira && bridge && scope.lists("alerts", true) ? jiraAlert(jiraTargets(jira, bridge)) : undefined;
  const isLone = bridged !== undefined && ownAlerts === undefined;
  return {
    key,
    name: name ?? key,
    nameIsDeclared: name !== undefined,
    slug,
    team: team ?? DEFAULT_TEAM,
    teamIsDeclared: team !== undefined,
    platform,
    throttle,
    keys: scope.list("keys", keys, (one) => one),
    alerts: bridged === undefined ? ownAlerts : [...(ownAlerts ?? []), bridged],
    ...(isLone ? { onlyJiraAlert: true } : {}),
    monitors: scope.list("monitors", monitors, (one, at) => desiredMonitor(one, [...path, "monitors", at])),
    ...(jira !== undefined && bridge === undefined
      ? { notes: ["jira is declared, but the server has no jiraBridge: no tickets are made"] }
      : {}),
  };
}

function desiredAlert(alert: AlertDeclaration, path: Path): DesiredAlert<Reference> {
  const { name, quantity = null, timespanMinutes = null, uptime = false, recipients } = alert;
  return {
    name,
    quantity,
    timespanMinutes,
    uptime,
    recipients: recipients.map((one, at) => desiredRecipient(one, [...path, "recipients", at])),
  };
}

function desiredRecipient(recipient: RecipientDeclaration, path: Path): DesiredRecipient<Reference> {
  const { type, url = "", tagsToAdd, botEmail = "", apiKey = "", channel = "", topic = "GlitchTip Alerts" } = recipient;
  return {
    type,
    url: addressOf(url, [...path, "url"]),
    ...(tagsToAdd === undefined ? {} : { tagsToAdd }),
    ...(type === "zulip"
      ? { zulip: { botEmail, apiKey: reference(apiKey, [...path, "apiKey"]), channel, topic } }
      : {}),
  };
}

export function desiredMonitor(monitor: MonitorDeclaration, path: Path): DesiredMonitor<Reference> {
  const { name, type, url = "", intervalSeconds, timeoutSeconds, expectedStatus, expectedBody } = monitor;
  const http = type === "Ping" || type === "GET" || type === "POST";
  return {
    name,
    type,
    url: addressOf(url, [...path, "url"]),
    intervalSeconds,
    timeoutSeconds: timeoutSeconds === undefined ? (type === "Heartbeat" ? null : 20) : timeoutSeconds,
    expectedStatus: expectedStatus === undefined ? (http ? 200 : null) : expectedStatus,
    expectedBody,
  };
}

export const reference = (text: string, path: Path): Reference => ({
  reference: text,
  key: path.map(String).join("."),
});

const addressOf = (url: string, path: Path): string | Reference =>
  parseReference(url) === undefined ? url : reference(url, path);
