import { isDeepStrictEqual } from "node:util";
import { defined } from "../base/defined.ts";
import type { DesiredAlert, DesiredKey, DesiredMonitor, DesiredStatusPage, Kind, MemberRole } from "./desired.ts";
import type { KnownServer } from "./matching.ts";
import type { Unmanaged } from "./observed.ts";

/** A field that changes, for people and for --json. It holds no secret. */
export interface FieldChange {
  readonly field: string;
  /** Absent in a create. */
  readonly from?: ChangeValue;
  /** Absent in a delete. */
  readonly to?: ChangeValue;
}

export type ChangeValue = string | number | boolean | null | readonly string[];

/** What apply sends, by kind and type. A field that is left out keeps the server's value. */
interface Payloads {
  organization: { create: { readonly name: string }; update: { readonly name: string } };
  team: { create: { readonly slug: string }; update: { readonly slug: string } };
  project: { create: ProjectCreate; update: ProjectUpdate };
  member: {
    create: { readonly email: string; readonly role: MemberRole; readonly teams: readonly string[] };
    update: { readonly role?: MemberRole; readonly join: readonly string[]; readonly leave: readonly string[] };
  };
  key: { create: DesiredKey; update: never };
  /**
   * With `anew`, apply creates the alert and then deletes the one with this id: the server cannot change a recipient's
   * tags.
   */
  alert: { create: DesiredAlert; update: DesiredAlert & SentBack & { readonly anew?: true } };
  monitor: { create: DesiredMonitor; update: DesiredMonitor & SentBack };
  statusPage: { create: DesiredStatusPage; update: never };
}

/** A PUT replaces the whole object, so it carries the fields that nobody declares as they were read. */
interface SentBack {
  readonly unmanaged?: Unmanaged | undefined;
}

/** The POST goes to a team. A throttle or a slug of its own needs a PUT after it (projects scenario). */
export interface ProjectCreate {
  readonly key: string;
  readonly name: string;
  readonly slug?: string | undefined;
  readonly team: string;
  readonly platform?: string | undefined;
  readonly throttle?: number | undefined;
}

/** The PUT always needs the name. */
export interface ProjectUpdate {
  readonly name: string;
  readonly slug: string;
  readonly platform?: string | undefined;
  readonly throttle?: number | undefined;
  readonly linkTeams: readonly string[];
}

/**
 * Where an action happens. Names are for people; `at` has the addresses that a request needs, undefined where an earlier
 * action creates the object.
 */
export interface ActionPlace {
  readonly instance: string;
  readonly organization: string;
  /** The slug that the project has or will have. */
  readonly project?: string | undefined;
  readonly at: ServerAddress;
}

export interface ServerAddress {
  readonly organizationSlug?: string | undefined;
  /** The observed slug. An earlier update of the project may change it; its answer tells the new slug of this id. */
  readonly projectSlug?: string | undefined;
  readonly projectId?: string | undefined;
}

interface Head<K extends Kind> extends ActionPlace {
  readonly kind: K;
  /** The name of the object itself. */
  readonly name: string;
  readonly changes: readonly FieldChange[];
  readonly warning?: string | undefined;
  /** The action is carried out only when this text was typed or given by --yes-delete. */
  readonly confirm?: string | undefined;
}

type ActionOf<K extends Kind> =
  | (Head<K> & { readonly type: "create"; readonly desired: Payloads[K]["create"] })
  /** Organizations, teams and projects are addressed by `slug`, all others by `id`. */
  | (Head<K> & {
      readonly type: "update";
      readonly id: string;
      readonly slug?: string;
      readonly desired: Payloads[K]["update"];
    })
  | (Head<K> & { readonly type: "delete"; readonly id: string; readonly slug?: string });

export type Action = { [K in Kind]: ActionOf<K> }[Kind];

type WithoutPlace<A> = A extends Action ? Omit<A, keyof ActionPlace> : never;

/** An action without its place, which is the same for all actions in one project or organization. */
export type ActionBody = WithoutPlace<Action>;
/** The body of one kind and type of action. */
export type BodyOf<K extends Kind, T extends Action["type"]> = WithoutPlace<
  Extract<Action, { readonly kind: K; readonly type: T }>
>;

/** A message of the plan that is not an action. */
export interface Remark {
  readonly instance: string;
  readonly organization?: string | undefined;
  readonly project?: string | undefined;
  readonly message: string;
}

/** An object of a managed kind that is not declared, and that stays because `prune` is not true. */
export interface Undeclared {
  readonly kind: Kind;
  readonly instance: string;
  readonly organization: string;
  readonly project?: string | undefined;
  readonly name: string;
  readonly id: string;
  readonly note?: string | undefined;
}

export interface Plan {
  /** The actions in the order in which they can be applied, which is the same in every run. */
  readonly actions: readonly Action[];
  readonly undeclared: readonly Undeclared[];
  readonly warnings: readonly Remark[];
  /** What could not be planned. The rest of the plan is valid. */
  readonly errors: readonly Remark[];
  /** The identities that were found, for the store. What is no longer declared is left out. */
  readonly known: KnownServer;
}

type ComparedFields = Readonly<Record<string, ChangeValue | undefined>>;

/** Returns the fields that differ; all fields where one side is absent. */
export function changesOf(from: ComparedFields | undefined, to: ComparedFields | undefined): FieldChange[] {
  return Object.keys(to ?? from ?? {}).flatMap((field): FieldChange[] => {
    const [before, after] = [from?.[field], to?.[field]];
    if (before === after || isDeepStrictEqual(before, after)) return [];
    return [{ field, ...defined({ from: before, to: after }) }];
  });
}
