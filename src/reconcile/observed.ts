import type { Identity } from "../glitchtip/identity.ts";
import type {
  ManagedKey,
  ManagedProject,
  ServerMember,
  ServerMonitor,
  ServerStatusPage,
} from "../glitchtip/wire/managed.ts";
import type { RateLimit } from "./desired.ts";

/** The server's side: tolerant, anything that it can hold can stand here. Ids are strings. */
export interface ObservedServer {
  readonly version?: string | undefined;
  /** E-mail of the token's account, which is never removed. */
  readonly account?: string | undefined;
  readonly organizations: readonly ObservedOrganization[];
}

export interface ObservedOrganization extends Identity {
  readonly name: string;
  readonly teams?: readonly ObservedTeam[] | undefined;
  readonly members?: readonly ObservedMember[] | undefined;
  /** All of the organization's. */
  readonly monitors?: readonly ObservedMonitor[] | undefined;
  readonly statusPages?: readonly ObservedStatusPage[] | undefined;
  readonly projects?: readonly ObservedProject[] | undefined;
}

export interface ObservedTeam {
  readonly id: string;
  readonly slug: string;
}

export interface ObservedProject extends Identity {
  readonly name: string;
  readonly platform: string | null;
  readonly throttle: number;
  /** Slugs. */
  readonly teams: readonly string[];
  readonly keys?: readonly ObservedKey[] | undefined;
  readonly alerts?: readonly ObservedAlert[] | undefined;
}

export interface ObservedKey {
  readonly id: string;
  readonly label: string;
  readonly rateLimit: RateLimit | null;
}

export interface ObservedAlert {
  readonly id: string;
  readonly name: string;
  readonly timespanMinutes: number | null;
  readonly quantity: number | null;
  readonly uptime: boolean;
  readonly recipients: readonly ObservedRecipient[];
}

export interface ObservedRecipient {
  readonly type: string;
  /** May hold a secret of somebody's: shown only where the declaration says the same in clear. */
  readonly url: string;
  /** Left out by generations that do not tell. */
  readonly tagsToAdd?: readonly string[] | undefined;
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

export interface ObservedMonitor {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly url: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number | null;
  readonly expectedStatus: number | null;
  readonly expectedBody: string;
  readonly projectId: string | null;
}

export interface ObservedStatusPage {
  readonly slug: string;
  readonly name: string;
  readonly isPublic: boolean;
  /** Where that is known: the list is of all organizations of the account. */
  readonly organizationId?: string | undefined;
}

export interface ObservedMember {
  readonly id: string;
  readonly email: string;
  /** A role that we do not know may come. */
  readonly role: string;
  readonly pending: boolean;
  /** Slugs; left out where the memberships were not read. */
  readonly teams?: readonly string[] | undefined;
}

/** These functions return the normal form of what the server answers. */

export const observedProject = (project: ManagedProject): ObservedProject => ({
  id: project.id,
  slug: project.slug,
  dateCreated: project.dateCreated,
  name: project.name,
  platform: project.platform ?? null,
  throttle: project.eventThrottleRate ?? 0,
  teams: project.teams?.map(({ slug }) => slug) ?? [],
});

export const observedKey = ({ id, label, name, rateLimit }: ManagedKey): ObservedKey => ({
  id,
  label: label ?? name ?? "",
  rateLimit: rateLimit ?? null,
});

export const observedMonitor = (monitor: ServerMonitor): ObservedMonitor => ({
  id: monitor.id,
  name: monitor.name,
  type: monitor.monitorType,
  url: monitor.url,
  // What the server takes where none is sent (monitors scenario).
  intervalSeconds: monitor.interval ?? 60,
  timeoutSeconds: monitor.timeout,
  expectedStatus: monitor.expectedStatus,
  expectedBody: monitor.expectedBody,
  projectId: monitor.projectID ?? monitor.project ?? null,
});

export function observedStatusPage({ slug, name, isPublic, monitors }: ServerStatusPage): ObservedStatusPage {
  const [monitor] = monitors ?? [];
  const organizationId = monitor?.organizationID ?? monitor?.organization ?? undefined;
  return { slug, name, isPublic: isPublic ?? false, ...(organizationId === undefined ? {} : { organizationId }) };
}

export const observedMember = ({ id, email, role, pending }: ServerMember): ObservedMember => ({
  id,
  email,
  role,
  pending: pending ?? false,
});
