import { Table } from "./table.ts";

export type Role = "member" | "admin" | "manager" | "owner";

export interface User {
  readonly id: number;
  readonly email: string;
  readonly passwordHash: string;
  readonly isSuperuser: boolean;
  readonly created: string;
  readonly lastLogin: string | null;
}

/** How a session was opened, as the sign-in API lists it. */
export interface SignInMethod {
  readonly method: "password" | "signup";
  readonly at: number;
  readonly email?: string;
}

export interface Session {
  readonly id: number;
  readonly key: string;
  readonly userId: number;
  readonly methods: readonly SignInMethod[];
}

export interface Token {
  readonly id: number;
  readonly userId: number;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly token: string;
  readonly created: string;
}

export interface Organization {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
  readonly created: string;
  readonly eventThrottleRate: number;
  readonly ownerMemberId: number | null;
  readonly deletedAtMs: number | null;
}

export interface Member {
  readonly id: number;
  readonly organizationId: number;
  readonly userId: number | null;
  /** Of an invitation that was not accepted yet. */
  readonly email: string | null;
  readonly role: Role;
  readonly created: string;
}

export interface Team {
  readonly id: number;
  readonly organizationId: number;
  readonly slug: string;
  readonly created: string;
  readonly memberIds: readonly number[];
}

export interface Project {
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

export interface Key {
  readonly id: number;
  readonly projectId: number;
  readonly name: string;
  /** UUID with dashes. */
  readonly publicKey: string;
  readonly rateLimit: { readonly window: number; readonly count: number } | null;
  readonly created: string;
}

export interface AlertRecipient {
  readonly id: number;
  readonly recipientType: string;
  readonly url: string;
  readonly tagsToAdd: readonly string[];
  readonly config: Readonly<Record<string, unknown>> | null;
}

export interface Alert {
  readonly id: number;
  readonly projectId: number;
  readonly name: string;
  readonly timespanMinutes: number | null;
  readonly quantity: number | null;
  readonly uptime: boolean;
  readonly recipients: readonly AlertRecipient[];
}

export interface Check {
  readonly isUp: boolean;
  readonly startCheck: string;
  readonly reason: number | null;
}

export interface Monitor {
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
  readonly created: string;
  readonly checks: readonly Check[];
}

export interface StatusPage {
  readonly id: number;
  readonly organizationId: number;
  readonly name: string;
  readonly slug: string;
  readonly isPublic: boolean;
}

export interface Issue {
  readonly id: number;
  readonly projectId: number;
  /** What groups events: same project and same hash, same issue. */
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

export interface StoredEvent {
  readonly id: number;
  /** 32 hex characters. */
  readonly eventId: string;
  readonly projectId: number;
  readonly issueId: number;
  readonly receivedMs: number;
  readonly viaEnvelope: boolean;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Accepted by the web process, not yet written by the worker. */
export interface PendingEvent {
  readonly id: number;
  readonly eventId: string;
  readonly projectId: number;
  readonly receivedMs: number;
  readonly viaEnvelope: boolean;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What the real server keeps in its cache: an expiring mark. */
export interface Mark {
  readonly id: number;
  readonly name: string;
  readonly untilMs: number;
}

type Deletable = { readonly deletedAtMs: number | null };

/** Column of rows that a worker will remove: 1 for those. */
const deleted = (row: Deletable): number => (row.deletedAtMs === null ? 0 : 1);

export const ofProject = (organizationId: number, slug: string): string => `${organizationId}/${slug}`;

/** Everything the emulator knows. Plain rows, so that it can be kept as one JSON document. */
export class State {
  readonly users = new Table<User>({ email: (row) => row.email.toLowerCase() });
  readonly sessions = new Table<Session>({ key: (row) => row.key });
  readonly tokens = new Table<Token>({ token: (row) => row.token, user: (row) => row.userId });
  readonly organizations = new Table<Organization>({ slug: (row) => row.slug, deleted });
  readonly members = new Table<Member>({ organization: (row) => row.organizationId, user: (row) => row.userId ?? 0 });
  readonly teams = new Table<Team>({
    organization: (row) => row.organizationId,
    slug: (row) => ofProject(row.organizationId, row.slug),
  });
  readonly projects = new Table<Project>({
    deleted,
    organization: (row) => row.organizationId,
    slug: (row) => ofProject(row.organizationId, row.slug),
  });
  readonly keys = new Table<Key>({ project: (row) => row.projectId, publicKey: (row) => row.publicKey });
  readonly alerts = new Table<Alert>({ project: (row) => row.projectId });
  readonly recipientIds = new Table<{ readonly id: number }>();
  readonly monitors = new Table<Monitor>({ organization: (row) => row.organizationId });
  readonly statusPages = new Table<StatusPage>({ organization: (row) => row.organizationId });
  readonly issues = new Table<Issue>({
    deleted,
    project: (row) => row.projectId,
    hash: (row) => `${row.projectId}/${row.hash}`,
  });
  readonly events = new Table<StoredEvent>({
    project: (row) => row.projectId,
    issue: (row) => row.issueId,
    eventId: (row) => row.eventId,
  });
  readonly pending = new Table<PendingEvent>();
  readonly marks = new Table<Mark>({ name: (row) => row.name });

  tables(): [string, Table<{ readonly id: number }>][] {
    return Object.entries(this) as [string, Table<{ readonly id: number }>][];
  }

  get revision(): number {
    return this.tables().reduce((sum, [, table]) => sum + table.revision, 0);
  }

  dump(): Record<string, unknown> {
    return Object.fromEntries(this.tables().map(([name, table]) => [name, table.dump()]));
  }

  load(document: Readonly<Record<string, unknown>>): void {
    for (const [name, table] of this.tables()) {
      const dump = document[name];
      table.load((dump ?? { nextId: 1, rows: [] }) as { nextId: number; rows: { id: number }[] });
    }
  }
}
