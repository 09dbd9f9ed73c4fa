import { defined } from "../base/defined.ts";
import {
  type AlertDeclaration,
  type KeyPath,
  type MonitorDeclaration,
  type OrganizationPart,
  organizationParts,
  type ProjectDeclaration,
  type RecipientDeclaration,
  type ServerPart,
  serverParts,
} from "../config/contents.ts";
import { DEFAULT_TEAM } from "../config/defaults.ts";
import type { Declaration } from "../config/schema.ts";
import { parseReference } from "../references/reference.ts";
import type {
  DesiredAlert,
  DesiredMonitor,
  DesiredOrganization,
  DesiredProject,
  DesiredRecipient,
  DesiredServer,
  Kind,
  Reference,
} from "./desired.ts";
import { jiraAlert, jiraTargets } from "./jira.ts";

/**
 * Returns what the declaration wants of each of its servers. Secrets are still references. `instance` names an unnamed
 * server.
 */
export const desiredServers = (declaration: Declaration, instance: string): DesiredServer<Reference>[] =>
  serverParts(declaration).map((part) => desiredServer(part, declaration.name ?? instance));

function desiredServer(part: ServerPart, instance: string): DesiredServer<Reference> {
  const { name, connection, body, path } = part;
  const scope = scopeOf(body.manage);
  const at = part.name === undefined ? ["server"] : path;
  const { url, token, ca, timeoutMs = 30_000, retries = 3, allowPrivateAddresses = false } = connection;
  return {
    name: name ?? instance,
    ...defined({ url, token: token === undefined ? undefined : reference(token, [...at, "token"]), ca }),
    timeoutMs,
    retries,
    prune: body.prune ?? false,
    allowPrivateAddresses,
    manages: scope.kinds,
    listsOrganizations: scope.lists("organizations", body.organizations !== undefined),
    organizations: organizationParts(part).map((one) => desiredOrganization(one, connection, scope, at)),
  };
}

type Connection = ServerPart["connection"];

function desiredOrganization(
  { name, body, path }: OrganizationPart,
  connection: Connection,
  scope: Scope,
  server: KeyPath,
): DesiredOrganization<Reference> {
  const { slug, teams, members, monitors, statusPages, projects } = body;
  return {
    name,
    slug,
    teams: scope.list("teams", teams, (team) => team),
    members: scope.list("members", members, (member) => member),
    // `manage: monitors` alone, with none declared here, leaves the monitors of no project alone.
    monitors: monitors && scope.list("monitors", monitors, (one, at) => desiredMonitor(one, [...path, "monitors", at])),
    statusPages: scope.list("statusPages", statusPages, (page) => page),
    listsProjects: scope.lists("projects", projects !== undefined),
    projects: Object.entries(projects ?? {}).map(([key, project]) =>
      desiredProject(key, project, [...path, "projects", key], connection, scope, server),
    ),
  };
}

/** Returns what one project of the declaration wants. */
export function desiredProject(
  key: string,
  project: ProjectDeclaration,
  path: KeyPath,
  { jiraBridge }: ServerPart["connection"],
  scope: Scope,
  server: KeyPath,
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
      ? { notes: ["jira is declared, but the server has no jiraBridge: no tickets are created"] }
      : {}),
  };
}

function desiredAlert(alert: AlertDeclaration, path: KeyPath): DesiredAlert<Reference> {
  const { name, quantity = null, timespanMinutes = null, uptime = false, recipients } = alert;
  return {
    name,
    quantity,
    timespanMinutes,
    uptime,
    recipients: recipients.map((one, at) => desiredRecipient(one, [...path, "recipients", at])),
  };
}

function desiredRecipient(recipient: RecipientDeclaration, path: KeyPath): DesiredRecipient<Reference> {
  const { type, url = "", tagsToAdd, botEmail = "", apiKey = "", channel = "", topic = "GlitchTip Alerts" } = recipient;
  return {
    type,
    url: addressOf(url, [...path, "url"]),
    ...defined({ tagsToAdd }),
    ...(type === "zulip"
      ? { zulip: { botEmail, apiKey: reference(apiKey, [...path, "apiKey"]), channel, topic } }
      : {}),
  };
}

export function desiredMonitor(monitor: MonitorDeclaration, path: KeyPath): DesiredMonitor<Reference> {
  const { name, type, url = "", intervalSeconds, timeoutSeconds, expectedStatus, expectedBody } = monitor;
  const { confirmationThreshold } = monitor;
  const http = type === "Ping" || type === "GET" || type === "POST";
  return {
    name,
    type,
    url: addressOf(url, [...path, "url"]),
    intervalSeconds,
    timeoutSeconds: timeoutSeconds === undefined ? (type === "Heartbeat" ? null : 20) : timeoutSeconds,
    expectedStatus: expectedStatus === undefined ? (http ? 200 : null) : expectedStatus,
    expectedBody,
    ...defined({ confirmationThreshold }),
  };
}

export const reference = (text: string, path: KeyPath): Reference => ({
  reference: text,
  key: path.map(String).join("."),
});

const addressOf = (url: string, path: KeyPath): string | Reference =>
  parseReference(url) === undefined ? url : reference(url, path);

type Manage = NonNullable<Declaration["manage"]>;

/** The kinds by the words of the declaration. */
export const KIND_OF = {
  organizations: "organization",
  teams: "team",
  projects: "project",
  members: "member",
  keys: "key",
  alerts: "alert",
  monitors: "monitor",
  statusPages: "statusPage",
} as const satisfies Record<string, Kind>;

/** What plan and apply may change. */
export interface Scope {
  readonly kinds: readonly Kind[];
  /** Tells whether the declared list of a kind is complete: the kind is declared, or `manage` names it. */
  lists(word: keyof typeof KIND_OF, declared: boolean): boolean;
  /** Maps the list; an empty one where only `manage` names the kind, undefined where nothing does. */
  list<T, R>(
    word: keyof typeof KIND_OF,
    list: readonly T[] | undefined,
    one: (item: T, at: number) => R,
  ): R[] | undefined;
}

/** Reads the scope from the declaration's `manage`. */
export function scopeOf(manage: Manage | undefined): Scope {
  const named = manage === undefined ? undefined : new Set([manage].flat());
  const all = Object.keys(KIND_OF) as (keyof typeof KIND_OF)[];
  const lists: Scope["lists"] = (word, declared) => named?.has(word) ?? declared;
  return {
    kinds: all.filter((word) => named?.has(word) ?? true).map((word) => KIND_OF[word]),
    lists,
    list: (word, list, one) => (lists(word, list !== undefined) ? (list ?? []).map(one) : undefined),
  };
}
