import type { Action, Remark, Undeclared } from "../../reconcile/index.ts";
import { nameOf } from "../report.ts";
import type { Edit } from "./document.ts";
import { fromAction } from "./from-action.ts";
import { fromUndeclared } from "./from-undeclared.ts";
import type { SecretKeeper } from "./keep-secrets.ts";
import { indexOf, openPlaces, type Places, type Round } from "./places.ts";
import { changedPages, undeclaredPages } from "./status-pages.ts";

export type How = "added" | "changed" | "removed";

/** What one thing on the server asks of the declaration. */
export interface Wish extends Remark {
  /** The same in every round. */
  readonly key: string;
  readonly how: How;
  /** Empty where it has no place in a declaration; `message` says why. */
  readonly edits: readonly Edit[];
}

/** Edits, or why there can be none. */
export type Made = Pick<Wish, "how" | "edits"> | string | undefined;

export interface WishContext {
  readonly round: Round;
  readonly places: Places;
  readonly keeper: SecretKeeper;
  /** Projects that applications of the stack report to. */
  readonly used: ReadonlySet<string>;
  /** How many have been added to a list in this round. */
  readonly grown: Map<string, number>;
}

interface WishOptions {
  readonly keeper: SecretKeeper;
  readonly used: ReadonlySet<string>;
  /** Known to have no place. */
  readonly left: ReadonlyMap<string, Wish>;
}

/** Everything in which the declaration differs from the server, as edits of it. */
export function wishesOf(round: Round, { keeper, used, left }: WishOptions): Wish[] {
  const context: WishContext = { round, places: openPlaces(round), keeper, used, grown: new Map() };
  const { actions, undeclared } = round.plan;
  const wish = (thing: Action | Undeclared, make: () => Made): Wish[] => {
    const { instance, organization, project, kind, name } = thing;
    const key = JSON.stringify([
      "type" in thing ? thing.type : "undeclared",
      ...[kind, organization, project, name, "id" in thing ? thing.id : ""],
    ]);
    const made = left.has(key) ? undefined : make();
    if (made === undefined) return [];
    const where = { key, instance, organization, ...(project === undefined ? {} : { project }) };
    if (typeof made !== "string") return [{ ...where, ...made, message: nameOf(thing) }];
    return [{ ...where, how: "changed", edits: [], message: `${nameOf(thing)} ${made}` }];
  };
  return [
    ...actions.flatMap((one) => wish(one, () => fromAction(context, one))),
    ...[...undeclared, ...unmentioned(context), ...undeclaredPages(context)].flatMap((one) =>
      wish(one, () => fromUndeclared(context, one)),
    ),
    ...changedPages(context),
  ];
}

/** The token's account and the last owner are never removed, so no plan tells them; in a list of members they belong. */
function unmentioned({ round, places }: WishContext): Undeclared[] {
  const { desired, plan } = round;
  const told = new Set(plan.undeclared.flatMap(({ kind, id }) => (kind === "member" ? [id] : [])));
  return desired.organizations.flatMap(({ name: organization, members }) => {
    const around = places.organization({ organization });
    if (members === undefined || around === undefined) return [];
    return (around.observed?.members ?? [])
      .filter(({ id, email }) => !told.has(id) && indexOf(around.part.body, "member", email) === -1)
      .map(({ id, email }) => ({ kind: "member", instance: desired.name, organization, name: email, id }));
  });
}
