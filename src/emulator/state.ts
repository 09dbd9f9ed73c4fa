import type { Member, Organization, Role, Session, SignInMethod, Team, Token, User } from "./rows/accounts.ts";
import type { Issue, Mark, PendingEvent, StoredEvent } from "./rows/events.ts";
import type { Alert, AlertRecipient, Key, Monitor, Project, StatusPage } from "./rows/projects.ts";
import { Table } from "./table.ts";

export type {
  Alert,
  AlertRecipient,
  Issue,
  Key,
  Mark,
  Member,
  Monitor,
  Organization,
  PendingEvent,
  Project,
  Role,
  Session,
  SignInMethod,
  StatusPage,
  StoredEvent,
  Team,
  Token,
  User,
};

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
