import { isDeepStrictEqual } from "node:util";
import type { DesiredAlert, DesiredKey, DesiredMonitor, DesiredStatusPage, Kind, MemberRole } from "./desired.ts";
import type { KnownServer } from "./matching.ts";

/** A field that changes, for people and for --json. It holds no secret. */
export interface FieldChange {
  readonly field: string;
  /** Left out in a create. */
  readonly from?: ChangeValue;
  /** Left out in a delete. */
  readonly to?: ChangeValue;
}

export type ChangeValue = string | number | boolean | null | readonly string[];

/** What apply sends, by kind and type. Left out fields keep what the server has. */
interface Payloads {
  organization: { create: { readonly name: string }; update: { readonly name: string } };
  team: { create: { readonly slug: string }; update: { readonly slug: string } };
  project: { create: ProjectCreate; update: ProjectUpdate };
  member: {
    create: { readonly email: string; readonly role: MemberRole; readonly teams: readonly string[] };
    update: { readonly role?: MemberRole; readonly join: readonly string[]; readonly leave: readonly string[] };
  };
  key: { create: DesiredKey; update: never };
  /** `anew`: POST it, then DELETE the one of this id; the server cannot change the tags of a recipient. */
  alert: { create: DesiredAlert; update: DesiredAlert & { readonly anew?: true } };
  monitor: { create: DesiredMonitor; update: DesiredMonitor };
  statusPage: { create: DesiredStatusPage; update: never };
}

/** The first team makes it; a throttle, or a slug of its own, takes a PUT after that (projects scenario). */
export interface ProjectCreate {
  readonly key: string;
  readonly name: string;
  readonly slug?: string | undefined;
  readonly team: string;
  readonly platform?: string | undefined;
  readonly throttle?: number | undefined;
}

/** The PUT needs the name always. */
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
  /** As it was observed: an earlier update of the project may change it; that answer tells the new one of this id. */
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

/** Something to tell that is no action. */
export interface Remark {
  readonly instance: string;
  readonly organization?: string | undefined;
  readonly project?: string | undefined;
  readonly message: string;
}

/** On the server, of a managed kind, not declared, and left alone because `prune` is not true. */
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
  /** In an order that is the same in every run, and in which they can be carried out. */
  readonly actions: readonly Action[];
  readonly undeclared: readonly Undeclared[];
  readonly warnings: readonly Remark[];
  /** What could not be planned; the rest of the plan stands. */
  readonly errors: readonly Remark[];
  /** What was found again, for the store: what was known before and is not declared any more is left out. */
  readonly known: KnownServer;
}

type ComparedFields = Readonly<Record<string, ChangeValue | undefined>>;

/** What differs, field by field; all of it where one side is not there. */
export function changesOf(from: ComparedFields | undefined, to: ComparedFields | undefined): FieldChange[] {
  return Object.keys(to ?? from ?? {}).flatMap((field): FieldChange[] => {
    const [before, after] = [from?.[field], to?.[field]];
    if (before === after || isDeepStrictEqual(before, after)) return [];
    return [
      { field, ...(before === undefined ? {} : { from: before }), ...(after === undefined ? {} : { to: after }) },
    ];
  });
}
