import { defined } from "../base/defined.ts";
import type { Identity } from "../glitchtip/identity.ts";
import type {
  ManagedKey,
  ManagedProject,
  ServerMember,
  ServerMonitor,
  ServerStatusPage,
} from "../glitchtip/wire/managed.ts";
import type { RateLimit } from "./desired.ts";

/**
 * What a server has. The types accept everything that a server can hold. A list that is left out was not read; ids are
 * strings.
 */
export interface ObservedServer {
  readonly version?: string | undefined;
  /** The address of the token's account, which is never removed. */
  readonly account?: string | undefined;
  readonly organizations: readonly ObservedOrganization[];
}

export interface ObservedOrganization extends Identity {
  readonly name: string;
  readonly teams?: readonly ObservedTeam[] | undefined;
  readonly members?: readonly ObservedMember[] | undefined;
  /** All monitors of the organization, with and without a project. */
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
  /** The slugs of the teams. */
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
  readonly unmanaged?: Unmanaged | undefined;
}

/** Fields that no declaration has; an update sends them back as they were read. */
export type Unmanaged = Readonly<Record<string, unknown>>;

export interface ObservedRecipient {
  readonly type: string;
  /** The URL may hold a secret, so it is shown only where the declaration has the same URL in clear text. */
  readonly url: string;
  /** Absent where the generation does not return tags. */
  readonly tagsToAdd?: readonly string[] | undefined;
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  readonly unmanaged?: Unmanaged | undefined;
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
  /** Undefined where the generation has none. */
  readonly confirmationThreshold?: number | undefined;
  readonly projectId: string | null;
  readonly unmanaged?: Unmanaged | undefined;
}

export interface ObservedStatusPage {
  readonly slug: string;
  readonly name: string;
  readonly isPublic: boolean;
  /** Undefined where it is not known: the server lists the pages of all organizations of the account. */
  readonly organizationId?: string | undefined;
  /** True where that is not known and the account is in several organizations. */
  readonly mayBeAnothers?: boolean;
}

export interface ObservedMember {
  readonly id: string;
  readonly email: string;
  /** This may be a role that this version does not know. */
  readonly role: string;
  readonly pending: boolean;
  /** The slugs of the teams; undefined where the memberships were not read. */
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
  // The default of the server (monitors scenario).
  intervalSeconds: monitor.interval ?? 60,
  timeoutSeconds: monitor.timeout,
  expectedStatus: monitor.expectedStatus,
  expectedBody: monitor.expectedBody,
  projectId: monitor.projectID ?? monitor.project ?? null,
  ...defined({ confirmationThreshold: monitor.confirmationThreshold ?? undefined, unmanaged: monitor.unmanaged }),
});

export function observedStatusPage({ slug, name, isPublic, monitors }: ServerStatusPage): ObservedStatusPage {
  const [monitor] = monitors ?? [];
  const organizationId = monitor?.organizationID ?? monitor?.organization ?? undefined;
  return { slug, name, isPublic: isPublic ?? false, ...defined({ organizationId }) };
}

export const observedMember = ({ id, email, role, pending }: ServerMember): ObservedMember => ({
  id,
  email,
  role,
  pending: pending ?? false,
});
