import { defined } from "../../base/defined.ts";
import type { KeyPath } from "../../config/contents.ts";
import {
  type Action,
  JIRA_ALERT,
  type ObservedOrganization,
  type Remark,
  type Undeclared,
} from "../../reconcile/index.ts";
import { nameOf } from "../report.ts";
import {
  declaredAlert,
  declaredKey,
  declaredMember,
  declaredMonitor,
  declaredOrganization,
  declaredProject,
} from "./declare.ts";
import type { DeclarationEdit } from "./document.ts";
import { fromAction } from "./from-action.ts";
import { jiraEdits } from "./jira.ts";
import type { SecretKeeper } from "./keep-secrets.ts";
import {
  indexOf,
  isTaken,
  LISTS,
  type ListedKind,
  listIn,
  openPlaces,
  type Places,
  type ProjectPlace,
  type Round,
} from "./places.ts";
import { renamedTeams } from "./renamed-teams.ts";
import { changedPages, declaredPage, undeclaredPages } from "./status-pages.ts";

export type How = "added" | "changed" | "removed";

/** A change of the declaration that follows from one object on the server. */
export interface Wish extends Remark {
  /** The key is the same in every round. */
  readonly key: string;
  readonly how: How;
  /** Empty where the declaration cannot hold it; `message` says why. */
  readonly edits: readonly DeclarationEdit[];
}

/** The edits, or the reason why there are none. */
export type Made = Pick<Wish, "how" | "edits"> | string | undefined;

export interface WishContext {
  readonly round: Round;
  readonly places: Places;
  readonly keeper: SecretKeeper;
  /** Keys of the projects that apps of the stack report to. */
  readonly used: ReadonlySet<string>;
  /** How many items were added to each list in this round. */
  readonly grown: Map<string, number>;
}

interface WishOptions {
  readonly keeper: SecretKeeper;
  readonly used: ReadonlySet<string>;
  /** Wishes that are known to be impossible. */
  readonly left: ReadonlyMap<string, Wish>;
}

/** Returns all differences between declaration and server as edits of the declaration. */
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
    const where = { key, instance, organization, ...defined({ project }) };
    if (typeof made !== "string") return [{ ...where, ...made, message: nameOf(thing) }];
    return [{ ...where, how: "changed", edits: [], message: `${nameOf(thing)} ${made}` }];
  };
  return [
    ...actions.flatMap((one) => wish(one, () => fromAction(context, one))),
    ...[...undeclared, ...unmentioned(context), ...undeclaredPages(context)].flatMap((one) =>
      wish(one, () => fromUndeclared(context, one)),
    ),
    ...changedPages(context),
    ...renamedTeams(context).filter(({ key }) => !left.has(key)),
  ];
}

/**
 * Returns the undeclared members that no plan reports because they are never removed: the token's account and the last
 * owner.
 */
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

/** Returns the edits that declare what is on the server and not declared. */
function fromUndeclared(context: WishContext, one: Undeclared): Made {
  if (one.kind === "organization") return undeclaredOrganization(context, one);
  const around = context.places.organization(one);
  const there = around?.observed;
  if (around === undefined || there === undefined) return undefined;
  if (one.kind === "project") return undeclaredProject(context, one, around.part.path, there);
  if (one.name === "" && one.kind !== "key") {
    return `number ${one.id} has no name, and is declared by one; give it one in GlitchTip`;
  }
  const project = one.project === undefined ? undefined : context.places.project(one);
  if (one.kind === "alert" && one.name === JIRA_ALERT) {
    return project && jiraEdits(context, project, withId(project.observed?.alerts, one));
  }
  const body = project?.body ?? around.part.body;
  if (indexOf(body, one.kind, one.name) !== -1) {
    return `number ${one.id} has the name of another one, and cannot be declared beside it`;
  }
  const value = declaredValue(context.keeper, one, one.kind, there, project);
  return value === undefined ? undefined : added(context, project?.path ?? around.part.path, body, one.kind, value);
}

function undeclaredOrganization(context: WishContext, one: Undeclared): Made {
  const { observed, part } = context.round;
  const found = withId(observed.organizations, one);
  const path = [...part.path, "organizations", one.name];
  if (part.body.organization === one.name || isTaken(context, path)) {
    return `with the slug ${found?.slug} has the name of another one, and cannot be declared beside it`;
  }
  return found && { how: "added", edits: [{ path, value: declaredOrganization(found, observed.organizations) }] };
}

function undeclaredProject(context: WishContext, one: Undeclared, around: KeyPath, there: ObservedOrganization): Made {
  const found = withId(there.projects, one);
  if (found === undefined) return undefined;
  const keys = [found.slug, found.name, `${found.slug}-${found.id}`].filter((key) => key.trim() !== "");
  const key = keys.find((word) => !isTaken(context, [...around, "projects", word])) ?? found.slug;
  const path = [...around, "projects", key];
  return { how: "added", edits: [{ path, value: declaredProject(key, found, there.projects ?? []) }] };
}

const withId = <T extends { readonly id: string }>(list: readonly T[] | undefined, { id }: Undeclared): T | undefined =>
  list?.find((one) => one.id === id);

function declaredValue(
  keeper: SecretKeeper,
  one: Undeclared,
  kind: ListedKind,
  there: ObservedOrganization,
  project: ProjectPlace | undefined,
): unknown {
  const words = project === undefined ? [] : [project.key];
  switch (kind) {
    case "team":
      return one.name;
    case "member":
      return declared(withId(there.members, one), declaredMember);
    case "key":
      return declared(withId(project?.observed?.keys, one), declaredKey);
    case "alert":
      return declared(withId(project?.observed?.alerts, one), (found) => declaredAlert(found, keeper, words));
    case "monitor":
      return declared(withId(there.monitors, one), (found) => declaredMonitor(found, keeper, words));
    case "statusPage": {
      const page = there.statusPages?.find(({ slug }) => slug === one.id);
      return declared(page, declaredPage);
    }
  }
}

const declared = <T>(found: T | undefined, make: (found: T) => unknown): unknown =>
  found === undefined ? undefined : make(found);

function added({ grown }: WishContext, path: KeyPath, body: object, kind: ListedKind, value: unknown): Made {
  const list = [...path, LISTS[kind].key];
  const word = list.map(String).join("\0");
  const more = grown.get(word) ?? 0;
  grown.set(word, more + 1);
  return { how: "added", edits: [{ path: [...list, listIn(body, kind).length + more], value }] };
}
