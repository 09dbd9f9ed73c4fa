import type { Declaration } from "../config/schema.ts";
import type { Kind } from "./model.ts";

type Manage = NonNullable<Declaration["manage"]>;

/** What the declaration calls the kinds. */
export const KIND_OF = {
  organizations: "organization",
  teams: "team",
  projects: "project",
  members: "member",
  keys: "key",
  alerts: "alert",
  monitors: "monitor",
  statusPages: "statusPage",
} as const satisfies Record<string, Kind>;

/** What plan and apply may touch. */
export interface Scope {
  readonly kinds: readonly Kind[];
  /** Whether what is declared of a kind is all that there should be: where it is declared, or `manage` names it. */
  lists(word: keyof typeof KIND_OF, declared: boolean): boolean;
  /** The list, [] where only `manage` names it, undefined where nobody does. */
  list<T, R>(
    word: keyof typeof KIND_OF,
    list: readonly T[] | undefined,
    one: (item: T, at: number) => R,
  ): R[] | undefined;
}

/** Of the declaration's `manage`. */
export function scopeOf(manage: Manage | undefined): Scope {
  const named = manage === undefined ? undefined : new Set([manage].flat());
  const all = Object.keys(KIND_OF) as (keyof typeof KIND_OF)[];
  const lists: Scope["lists"] = (word, declared) => named?.has(word) ?? declared;
  return {
    kinds: all.filter((word) => named?.has(word) ?? true).map((word) => KIND_OF[word]),
    lists,
    list: (word, list, one) => (lists(word, list !== undefined) ? (list ?? []).map(one) : undefined),
  };
}
