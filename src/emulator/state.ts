import { DatabaseError } from "./reply.ts";
import type {
  AlertRow,
  EventRow,
  IssueRow,
  KeyRow,
  MarkRow,
  MemberRow,
  MonitorRow,
  OrganizationRow,
  PendingEventRow,
  ProjectRow,
  SessionRow,
  StatusPageRow,
  TeamRow,
  TokenRow,
  UserRow,
} from "./rows.ts";
import { Table } from "./table.ts";

type Deletable = { readonly deletedAtMs: number | null };

/** An indexed column: 1 for rows that the worker will remove. */
const deleted = (row: Deletable): number => (row.deletedAtMs === null ? 0 : 1);
export const ofProject = (organizationId: number, slug: string): string => `${organizationId}/${slug}`;

/** All data of an emulator. It consists of plain rows, so that it can be stored as one JSON document. */
export class EmulatorState {
  readonly users = new Table<UserRow>({ email: (row) => row.email.toLowerCase() });
  readonly sessions = new Table<SessionRow>({ key: (row) => row.key });
  readonly tokens = new Table<TokenRow>({ token: (row) => row.token, user: (row) => row.userId });
  readonly organizations = new Table<OrganizationRow>({ slug: (row) => row.slug, deleted });
  readonly members = new Table<MemberRow>({
    organization: (row) => row.organizationId,
    user: (row) => row.userId ?? 0,
  });
  readonly teams = new Table<TeamRow>({
    organization: (row) => row.organizationId,
    slug: (row) => ofProject(row.organizationId, row.slug),
  });
  readonly projects = new Table<ProjectRow>({
    deleted,
    organization: (row) => row.organizationId,
    slug: (row) => ofProject(row.organizationId, row.slug),
  });
  readonly keys = new Table<KeyRow>({ project: (row) => row.projectId, publicKey: (row) => row.publicKey });
  readonly alerts = new Table<AlertRow>({ project: (row) => row.projectId });
  readonly recipientIds = new Table<{ readonly id: number }>();
  readonly monitors = new Table<MonitorRow>({ organization: (row) => row.organizationId });
  readonly statusPages = new Table<StatusPageRow>({ organization: (row) => row.organizationId });
  readonly issues = new Table<IssueRow>({
    deleted,
    project: (row) => row.projectId,
    hash: (row) => `${row.projectId}/${row.hash}`,
  });
  readonly events = new Table<EventRow>({
    project: (row) => row.projectId,
    issue: (row) => row.issueId,
    eventId: (row) => row.eventId,
  });
  readonly pending = new Table<PendingEventRow>();
  readonly marks = new Table<MarkRow>({ name: (row) => row.name });

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

/** Adds an expiring mark. Several marks may have the same name. */
export function setMark(state: EmulatorState, name: string, untilMs: number): void {
  state.marks.insert({ name, untilMs });
}

/** Returns the number of marks with this name that have not expired, and deletes the expired ones. */
export function countMarks(state: EmulatorState, name: string, nowMs: number): number {
  const marks = state.marks.where("name", name);
  for (const mark of marks) if (mark.untilMs <= nowMs) state.marks.delete(mark.id);
  return marks.filter((mark) => mark.untilMs > nowMs).length;
}

/** Gives access to the state. Handlers are synchronous, so one call of `use` is one transaction. */
export interface Store {
  /** Throws DatabaseError while there are no tables or no database. `writes` is false if `act` changes nothing. */
  use<Result>(writes: boolean, act: (state: EmulatorState) => Result): Result | Promise<Result>;
}

/** Keeps the state in memory. */
export class MemoryStore implements Store {
  readonly state = new EmulatorState();
  migrated: boolean;

  constructor(migrated: boolean) {
    this.migrated = migrated;
  }

  use<Result>(_writes: boolean, act: (state: EmulatorState) => Result): Result {
    if (!this.migrated) throw new DatabaseError("there are no tables");
    return act(this.state);
  }
}
