import type { Secret } from "../base/secret.ts";

/** The kinds in the order in which they are created. They are deleted in the opposite order. */
export const KINDS = ["organization", "team", "project", "member", "key", "alert", "monitor", "statusPage"] as const;
export type Kind = (typeof KINDS)[number];

export const MEMBER_ROLES = ["member", "admin", "manager", "owner"] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

/** A reference to a secret, as in the declaration: `env:NAME`, `file:PATH` or `vault:…`. */
export interface Reference {
  readonly reference: string;
  /** The key in the declaration, for error messages. */
  readonly key: string;
}

/**
 * What a declaration wants of one server. `S` is Reference as declared, and Secret after `resolveDesired`. A list that
 * is left out is not managed; an empty one means none.
 */
export interface DesiredServer<S = Secret> {
  /** The name of the instance. */
  readonly name: string;
  /** The address of the server; undefined for the server of this stack, whose address the caller knows. */
  readonly url?: string | undefined;
  /** Undefined for the server of this stack. */
  readonly token?: S | undefined;
  /** The certificate authority's file, as `file:PATH`. */
  readonly ca?: string | undefined;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly prune: boolean;
  /** The server runs with GLITCHTIP_ALLOW_PRIVATE_IPS and GLITCHTIP_UPTIME_ALLOW_PRIVATE_IPS. */
  readonly allowPrivateAddresses: boolean;
  /** The kinds that may be changed: all, unless the declaration's `manage` names some. */
  readonly manages: readonly Kind[];
  /** True where undeclared organizations are reported or pruned. */
  readonly listsOrganizations: boolean;
  readonly organizations: readonly DesiredOrganization<S>[];
}

export interface DesiredOrganization<S = Secret> {
  readonly name: string;
  readonly slug?: string | undefined;
  readonly teams?: readonly string[] | undefined;
  readonly members?: readonly DesiredMember[] | undefined;
  /** Monitors that belong to no project. */
  readonly monitors?: readonly DesiredMonitor<S>[] | undefined;
  readonly statusPages?: readonly DesiredStatusPage[] | undefined;
  /** True where undeclared projects are reported or pruned. */
  readonly listsProjects: boolean;
  readonly projects: readonly DesiredProject<S>[];
  /** Why the organization's monitors cannot be planned. */
  readonly problems?: readonly ProjectProblem[] | undefined;
}

export interface DesiredProject<S = Secret> {
  /** The key in the declaration and in the store of known ids. */
  readonly key: string;
  readonly name: string;
  /** If false, `name` is the key, and the name that the server has stays. */
  readonly nameIsDeclared: boolean;
  readonly slug?: string | undefined;
  /** The team that the project is created in. Only a declared team is linked to an existing project. */
  readonly team: string;
  readonly teamIsDeclared: boolean;
  readonly platform?: string | undefined;
  /** The share of events that the server drops, in percent. */
  readonly throttle?: number | undefined;
  readonly keys?: readonly DesiredKey[] | undefined;
  /** These include the alert of the Jira bridge. */
  readonly alerts?: readonly DesiredAlert<S>[] | undefined;
  /** True where `jira` is declared without `alerts`, so that all other alerts are left alone. */
  readonly onlyJiraAlert?: boolean | undefined;
  readonly monitors?: readonly DesiredMonitor<S>[] | undefined;
  /** Why a kind of this project cannot be planned: a reference does not resolve, or two secrets are the same URL. */
  readonly problems?: readonly ProjectProblem[] | undefined;
  /** Remarks to show with the plan. */
  readonly notes?: readonly string[] | undefined;
}

export interface ProjectProblem {
  readonly kind: Kind;
  readonly what: string;
}

export interface DesiredKey {
  readonly label: string;
  /** If left out, the limit on the server stays. */
  readonly rateLimit?: RateLimit | null | undefined;
}

export interface RateLimit {
  readonly window: number;
  readonly count: number;
}

export interface DesiredAlert<S = Secret> {
  readonly name: string;
  /** Both numbers are null in an alert that does not count events, such as an alert of uptime alone. */
  readonly timespanMinutes: number | null;
  readonly quantity: number | null;
  readonly uptime: boolean;
  readonly recipients: readonly DesiredRecipient<S>[];
}

export interface DesiredRecipient<S = Secret> {
  readonly type: string;
  /** "" for e-mail. A string may be shown, a Secret may not. */
  readonly url: string | S;
  /** If left out, no tags are sent. */
  readonly tagsToAdd?: readonly string[] | undefined;
  /** The fields of a zulip recipient. */
  readonly zulip?: { readonly botEmail: string; readonly apiKey: S; readonly channel: string; readonly topic: string };
  /** What the server has beside, where the recipient is there: a PUT sends it back. */
  readonly unmanaged?: Readonly<Record<string, unknown>> | undefined;
  /** The parts of a Jira bridge's URL, which is put together once its token is read; `url` is "" until then. */
  readonly jira?: JiraTarget<S> | undefined;
}

/** A board of the Jira bridge. */
export interface JiraTarget<S> {
  readonly alertUrl: string | S;
  readonly token?: S | undefined;
  readonly project: string;
  readonly labels: readonly string[];
  readonly components: readonly string[];
  readonly issueType?: string | undefined;
}

export interface DesiredMonitor<S = Secret> {
  readonly name: string;
  readonly type: string;
  /** "" for a heartbeat monitor. */
  readonly url: string | S;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number | null;
  readonly expectedStatus: number | null;
  readonly expectedBody: string;
  /** If left out, the number on the server stays. */
  readonly confirmationThreshold?: number | undefined;
}

export interface DesiredStatusPage {
  readonly name: string;
  readonly isPublic: boolean;
}

export interface DesiredMember {
  /** The address as declared. Addresses are compared case-insensitively. */
  readonly email: string;
  readonly role: MemberRole;
  /** The slugs of the teams; if left out, memberships stay as they are. */
  readonly teams?: readonly string[] | undefined;
}
