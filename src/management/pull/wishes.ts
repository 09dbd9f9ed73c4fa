import type { Path } from "../../config/inside/parts.ts";
import { type Action, JIRA_ALERT, type Remark, type Undeclared } from "../../reconcile/index.ts";
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
import { indexOf, isTaken, LISTS, type ListedKind, listIn, openPlaces, type Places, type Round } from "./places.ts";
import { changedPages, declaredPage, undeclaredPages } from "./status-pages.ts";

export type How = "added" | "changed" | "removed";

/** What one thing on the server asks of the declaration. */
export interface Wish extends Remark {
  /** The same in every round. */
  readonly key: string;
  readonly how: How;
  /** Empty where it has no place in a declaration; `message` says why. */
  readonly edits: readonly DeclarationEdit[];
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

/** What is on the server and nobody declared. */
export function fromUndeclared(context: WishContext, one: Undeclared): Made {
  const { round, places, keeper } = context;
  const { observed } = round;
  if (one.kind === "organization") {
    const found = observed.organizations.find(({ id }) => id === one.id);
    const path = [...round.part.path, "organizations", one.name];
    const { organization } = round.part.body;
    if (organization === one.name || isTaken(context, path))
      return `with the slug ${found?.slug} has the name of another one, and cannot be declared beside it`;
    return found && { how: "added", edits: [{ path, value: declaredOrganization(found, observed.organizations) }] };
  }
  const around = places.organization(one);
  const there = around?.observed;
  if (around === undefined || there === undefined) return undefined;
  if (one.kind === "project") {
    const found = there.projects?.find(({ id }) => id === one.id);
    if (found === undefined) return undefined;
    const keys = [found.slug, found.name, `${found.slug}-${found.id}`].filter((key) => key.trim() !== "");
    const key = keys.find((word) => !isTaken(context, [...around.part.path, "projects", word])) ?? found.slug;
    const path = [...around.part.path, "projects", key];
    return { how: "added", edits: [{ path, value: declaredProject(key, found, there.projects ?? []) }] };
  }
  const project = one.project === undefined ? undefined : places.project(one);
  const path = project?.path ?? around.part.path;
  const words = project === undefined ? [] : [project.key];
  const byId = <T extends { readonly id: string }>(list: readonly T[] | undefined) =>
    list?.find(({ id }) => id === one.id);
  if (one.name === "" && one.kind !== "key")
    return `number ${one.id} has no name, and is declared by one; give it one in GlitchTip`;
  if (one.kind === "alert" && one.name === JIRA_ALERT) {
    return project && jiraEdits(context, project, byId(project.observed?.alerts));
  }
  if (indexOf(project?.body ?? around.part.body, one.kind as ListedKind, one.name) !== -1) {
    return `number ${one.id} has the name of another one, and cannot be declared beside it`;
  }
  const value = {
    team: () => one.name,
    member: () => declared(byId(there.members), declaredMember),
    key: () => declared(byId(project?.observed?.keys), declaredKey),
    alert: () => declared(byId(project?.observed?.alerts), (found) => declaredAlert(found, keeper, words)),
    monitor: () => declared(byId(there.monitors), (found) => declaredMonitor(found, keeper, words)),
    statusPage: () =>
      declared(
        there.statusPages?.find(({ slug }) => slug === one.id),
        declaredPage,
      ),
  }[one.kind as ListedKind]();
  return value === undefined
    ? undefined
    : added(context, path, project?.body ?? around.part.body, one.kind as ListedKind, value);
}

const declared = <T>(found: T | undefined, make: (found: T) => unknown): unknown =>
  found === undefined ? undefined : make(found);

function added({ grown }: WishContext, path: Path, body: object, kind: ListedKind, value: unknown): Made {
  const list = [...path, LISTS[kind].key];
  const word = list.map(String).join("\0");
  const more = grown.get(word) ?? 0;
  grown.set(word, more + 1);
  return { how: "added", edits: [{ path: [...list, listIn(body, kind).length + more], value }] };
}
