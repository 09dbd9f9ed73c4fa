import type { OrganizationRole } from "../glitchtip/wire/shapes.ts";

/** What a later generation knows beside the fields of this one; absent unless the option `laterFields` is set. */
interface Later {
  readonly later?: Readonly<Record<string, unknown>> | undefined;
}

export interface UserRow {
  readonly id: number;
  readonly email: string;
  readonly passwordHash: string;
  readonly isSuperuser: boolean;
  readonly created: string;
  readonly lastLogin: string | null;
}

/** How a session was opened, as the sign-in API shows it. */
export interface SignInMethod {
  readonly method: "password" | "signup";
  readonly at: number;
  readonly email?: string;
}

export interface SessionRow {
  readonly id: number;
  readonly key: string;
  readonly userId: number;
  readonly methods: readonly SignInMethod[];
}

export interface TokenRow {
  readonly id: number;
  readonly userId: number;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly token: string;
  readonly created: string;
}

export interface OrganizationRow extends Later {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
  readonly created: string;
  readonly eventThrottleRate: number;
  readonly ownerMemberId: number | null;
  readonly deletedAtMs: number | null;
}

export interface MemberRow {
  readonly id: number;
  readonly organizationId: number;
  readonly userId: number | null;
  /** The invited address while the invitation is pending, else null. */
  readonly email: string | null;
  readonly role: OrganizationRole;
  readonly created: string;
}

export interface TeamRow {
  readonly id: number;
  readonly organizationId: number;
  readonly slug: string;
  readonly created: string;
  readonly memberIds: readonly number[];
}

export interface ProjectRow extends Later {
  readonly id: number;
  readonly organizationId: number;
  readonly name: string;
  readonly slug: string;
  readonly platform: string | null;
  readonly created: string;
  readonly firstEvent: string | null;
  readonly eventThrottleRate: number;
  readonly teamIds: readonly number[];
  readonly issueCount: number;
  readonly deletedAtMs: number | null;
}

export interface KeyRow {
  readonly id: number;
  readonly projectId: number;
  readonly name: string;
  /** A UUID with dashes. */
  readonly publicKey: string;
  readonly rateLimit: { readonly window: number; readonly count: number } | null;
  readonly created: string;
}

export interface RecipientRow extends Later {
  readonly id: number;
  readonly recipientType: string;
  readonly url: string;
  readonly tagsToAdd: readonly string[];
  readonly config: Readonly<Record<string, unknown>> | null;
}

export interface AlertRow extends Later {
  readonly id: number;
  readonly projectId: number;
  readonly name: string;
  readonly timespanMinutes: number | null;
  readonly quantity: number | null;
  readonly uptime: boolean;
  readonly recipients: readonly RecipientRow[];
}

interface Check {
  readonly isUp: boolean;
  readonly startCheck: string;
  readonly reason: number | null;
}

export interface MonitorRow extends Later {
  readonly id: number;
  readonly organizationId: number;
  readonly projectId: number | null;
  readonly monitorType: string;
  readonly endpointId: string | null;
  readonly name: string;
  readonly url: string;
  readonly expectedStatus: number | null;
  readonly expectedBody: string;
  readonly interval: number;
  readonly timeout: number | null;
  readonly confirmationThreshold: number;
  readonly created: string;
  readonly checks: readonly Check[];
}

export interface StatusPageRow {
  readonly id: number;
  readonly organizationId: number;
  readonly name: string;
  readonly slug: string;
  readonly isPublic: boolean;
}

export interface IssueRow {
  readonly id: number;
  readonly projectId: number;
  /** Events of one project with the same hash belong to one issue. */
  readonly hash: string;
  readonly shortId: number;
  readonly type: "default" | "error";
  readonly level: string;
  readonly status: "unresolved" | "resolved" | "ignored";
  readonly title: string;
  readonly culprit: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly deletedAtMs: number | null;
}

export interface EventRow {
  readonly id: number;
  /** 32 hex characters. */
  readonly eventId: string;
  readonly projectId: number;
  readonly issueId: number;
  readonly receivedMs: number;
  readonly viaEnvelope: boolean;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** An event that the web process accepted and the worker has not written yet. */
export interface PendingEventRow {
  readonly id: number;
  readonly eventId: string;
  readonly projectId: number;
  readonly receivedMs: number;
  readonly viaEnvelope: boolean;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A limit, block or seen event id that expires. The real server keeps these in its cache. */
export interface MarkRow {
  readonly id: number;
  readonly name: string;
  readonly untilMs: number;
}
