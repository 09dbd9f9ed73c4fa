import type { Secret } from "../base/secret.ts";

/** In the order in which they are made; taken away in the opposite one. */
export const KINDS = ["organization", "team", "project", "member", "key", "alert", "monitor", "statusPage"] as const;
export type Kind = (typeof KINDS)[number];

export const MEMBER_ROLES = ["member", "admin", "manager", "owner"] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

/** Where a secret stands: `env:NAME`, `file:PATH` or `vault:…`, as in the declaration. */
export interface Reference {
  readonly reference: string;
  /** Its place in the declaration, for what an error says. */
  readonly key: string;
}

/** `S` is Reference as declared, and Secret after `resolveDesired`. */
export interface DesiredServer<S = Secret> {
  /** The instance. */
  readonly name: string;
  /** Where it is asked; undefined: the one of this stack, which the caller knows. */
  readonly url?: string | undefined;
  /** Undefined: the one of this stack. */
  readonly token?: S | undefined;
  /** `file:PATH` of the authority that signed the server's certificate. */
  readonly ca?: string | undefined;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly prune: boolean;
  /** The server runs with GLITCHTIP_ALLOW_PRIVATE_IPS and GLITCHTIP_UPTIME_ALLOW_PRIVATE_IPS. */
  readonly allowPrivateAddresses: boolean;
  /** Kinds that may be touched: all, unless the declaration's `manage` names some. */
  readonly manages: readonly Kind[];
  /** Whether the declared organizations are all that there should be. */
  readonly listsOrganizations: boolean;
  readonly organizations: readonly DesiredOrganization<S>[];
}

export interface DesiredOrganization<S = Secret> {
  readonly name: string;
  readonly slug?: string | undefined;
  readonly teams?: readonly string[] | undefined;
  readonly members?: readonly DesiredMember[] | undefined;
  /** Of no project. */
  readonly monitors?: readonly DesiredMonitor<S>[] | undefined;
  readonly statusPages?: readonly DesiredStatusPage[] | undefined;
  /** Whether the declared projects are all that there should be. */
  readonly listsProjects: boolean;
  readonly projects: readonly DesiredProject<S>[];
  /** As of a project: why its monitors cannot be planned. */
  readonly problems?: readonly ProjectProblem[] | undefined;
}

export interface DesiredProject<S = Secret> {
  /** In the declaration, and in the store of what is known. */
  readonly key: string;
  readonly name: string;
  /** Else the name is the key, and one that the server has for it stays. */
  readonly nameIsDeclared: boolean;
  readonly slug?: string | undefined;
  /** The team it is made in, and linked to where that is declared. */
  readonly team: string;
  readonly teamIsDeclared: boolean;
  readonly platform?: string | undefined;
  /** Events dropped, in percent. */
  readonly throttle?: number | undefined;
  readonly keys?: readonly DesiredKey[] | undefined;
  /** The one of the Jira bridge among them. */
  readonly alerts?: readonly DesiredAlert<S>[] | undefined;
  /** `jira` is declared without `alerts`: all other alerts are left alone. */
  readonly onlyJiraAlert?: boolean | undefined;
  readonly monitors?: readonly DesiredMonitor<S>[] | undefined;
  /** Why a kind of this project cannot be planned: a reference that does not resolve, two secrets that are one URL. */
  readonly problems?: readonly ProjectProblem[] | undefined;
  /** To be told with the plan. */
  readonly notes?: readonly string[] | undefined;
}

export interface ProjectProblem {
  readonly kind: Kind;
  readonly what: string;
}

export interface DesiredKey {
  readonly label: string;
  /** Left out: whatever it has. */
  readonly rateLimit?: RateLimit | null | undefined;
}

export interface RateLimit {
  readonly window: number;
  readonly count: number;
}

export interface DesiredAlert<S = Secret> {
  readonly name: string;
  /** Both null: not for numbers of events, as an uptime alert without them. */
  readonly timespanMinutes: number | null;
  readonly quantity: number | null;
  readonly uptime: boolean;
  readonly recipients: readonly DesiredRecipient<S>[];
}

export interface DesiredRecipient<S = Secret> {
  readonly type: string;
  /** "" for e-mail. A text is shown, a secret is not. */
  readonly url: string | S;
  /** Left out: none are sent. */
  readonly tagsToAdd?: readonly string[] | undefined;
  /** Of a zulip recipient. */
  readonly zulip?: { readonly botEmail: string; readonly apiKey: S; readonly channel: string; readonly topic: string };
  /** A URL that is put together once its token is there; `url` is "" until then. */
  readonly jira?: JiraTarget<S> | undefined;
}

/** One board of the Jira bridge. */
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
  /** "" for a heartbeat. */
  readonly url: string | S;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number | null;
  readonly expectedStatus: number | null;
  readonly expectedBody: string;
}

export interface DesiredStatusPage {
  readonly name: string;
  readonly isPublic: boolean;
}

export interface DesiredMember {
  /** As declared; compared without regard to case. */
  readonly email: string;
  readonly role: MemberRole;
  /** Slugs; left out: whatever there is. */
  readonly teams?: readonly string[] | undefined;
}
