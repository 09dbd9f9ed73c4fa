import type { Path } from "../../../config/inside/parts.ts";
import type { Action, Remark, Undeclared } from "../../../reconcile/server/action.ts";
import { JIRA_ALERT } from "../../../reconcile/server/jira.ts";
import type { DesiredAlert, Kind, ObservedAlert } from "../../../reconcile/server/model.ts";
import { matchRecipients } from "../../../reconcile/server/recipients.ts";
import { nameOf } from "../report.ts";
import {
  declaredAlert,
  declaredKey,
  declaredMember,
  declaredMonitor,
  declaredOrganization,
  declaredProject,
  declaredRecipient,
} from "./declare.ts";
import type { Edit } from "./document.ts";
import { jiraEdits } from "./jira-edits.ts";
import type { SecretKeeper } from "./keep-secrets.ts";
import { LISTS, type ListedKind, openPlaces, type Places, type ProjectPlace, type Round } from "./places.ts";

export type How = "added" | "changed" | "removed";

/** What one thing on the server asks of the declaration. */
export interface Wish extends Remark {
  /** The same in every round. */
  readonly key: string;
  readonly how: How;
  /** Empty where it has no place in a declaration; `message` says why. */
  readonly edits: readonly Edit[];
}

type Made = Pick<Wish, "how" | "edits"> | string | undefined;

export interface WishContext {
  readonly round: Round;
  readonly places: Places;
  readonly keeper: SecretKeeper;
  /** Projects that applications of the stack report to. */
  readonly used: ReadonlySet<string>;
  /** How many have been added to a list in this round. */
  readonly grown: Map<string, number>;
}

/** Everything in which the declaration differs from the server, as edits of it. */
export function wishesOf(round: Round, keeper: SecretKeeper, used: ReadonlySet<string>): Wish[] {
  const context: WishContext = { round, places: openPlaces(round), keeper, used, grown: new Map() };
  const { actions, undeclared } = round.plan;
  return [
    ...actions.map((one) => [one, fromAction(context, one)] as const),
    ...undeclared.map((one) => [one, fromUndeclared(context, one)] as const),
    ...ownAccount(context),
  ].flatMap(([thing, made]) => {
    if (made === undefined) return [];
    const { instance, organization, project, kind, name } = thing;
    const id = "id" in thing ? thing.id : "";
    const key = JSON.stringify([kind, organization, project, name, id]);
    const where = { key, instance, organization, ...(project === undefined ? {} : { project }) };
    if (typeof made !== "string") return [{ ...where, ...made, message: nameOf(thing) }];
    return [{ ...where, how: "changed" as const, edits: [], message: `${nameOf(thing)} ${made}` }];
  });
}

function fromUndeclared(context: WishContext, one: Undeclared): Made {
  const { round, places, keeper } = context;
  const { observed } = round;
  if (one.kind === "organization") {
    const found = observed.organizations.find(({ id }) => id === one.id);
    const path = [...round.part.path, "organizations", one.name];
    return found && { how: "added", edits: [{ path, value: declaredOrganization(found, observed.organizations) }] };
  }
  const around = places.organization(one);
  const there = around?.observed;
  if (around === undefined || there === undefined) return undefined;
  if (one.kind === "project") {
    const found = there.projects?.find(({ id }) => id === one.id);
    if (found === undefined) return undefined;
    const path = [...around.part.path, "projects", found.slug];
    return { how: "added", edits: [{ path, value: declaredProject(found, there.projects ?? []) }] };
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
    statusPage: () => undefined,
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

const listIn = (body: object, kind: ListedKind): readonly unknown[] =>
  ((body as Readonly<Record<string, unknown>>)[LISTS[kind].key] as readonly unknown[] | undefined) ?? [];

function indexOf(body: object, kind: ListedKind, name: string): number {
  const field = LISTS[kind].name;
  const same = (text: unknown) =>
    kind === "member" ? String(text).toLowerCase() === name.toLowerCase() : String(text) === name;
  return listIn(body, kind).findIndex((one) =>
    same(field === undefined ? one : (one as Readonly<Record<string, unknown>>)[field]),
  );
}

function fromAction(context: WishContext, action: Action): Made {
  const { places, used } = context;
  const around = places.organization(action);
  if (around === undefined) return undefined;
  const project = action.project === undefined ? undefined : places.project(action);
  if (action.kind === "organization") {
    return action.type === "create" ? "is not on the server; it stays declared" : undefined;
  }
  // What stands in something that is not there goes with it.
  if (around.observed === undefined) return undefined;
  if (action.kind === "project") {
    if (action.type === "delete" || project === undefined) return undefined;
    if (action.type === "update") return changedProject(project, action);
    if (used.has(project.key)) return "is not on the server; it stays declared, because applications report to it";
    return { how: "removed", edits: [{ path: project.path, value: undefined }] };
  }
  if (action.project !== undefined && project?.observed === undefined) return undefined;
  const [path, body] = project === undefined ? [around.part.path, around.part.body] : [project.path, project.body];
  if (action.kind === "alert" && action.name === JIRA_ALERT && project !== undefined) {
    if (action.type === "create") return { how: "removed", edits: [{ path: [...path, "jira"], value: undefined }] };
    return action.type === "update"
      ? jiraEdits(
          context,
          project,
          project.observed?.alerts?.find(({ id }) => id === action.id),
        )
      : undefined;
  }
  const at = indexOf(body, action.kind, action.name);
  if (at === -1 || action.type === "delete") return undefined;
  const place = [...path, LISTS[action.kind].key, at];
  if (action.type === "create") return { how: "removed", edits: [{ path: place, value: undefined }] };
  return { how: "changed", edits: changed(context, action, place, project) };
}

type Update = Extract<Action, { readonly type: "update" }>;

function changed(
  { keeper, places }: WishContext,
  action: Update,
  place: Path,
  project: ProjectPlace | undefined,
): Edit[] {
  const fields = new Set(action.changes.map(({ field }) => field));
  const set = (found: object | undefined, names: readonly string[]) =>
    names.flatMap((name): Edit[] => {
      const value = (found as Readonly<Record<string, unknown>> | undefined)?.[name];
      return fields.has(name) && value !== undefined ? [{ path: [...place, name], value }] : [];
    });
  const there = places.organization(action)?.observed;
  const words = project === undefined ? [] : [project.key];
  if (action.kind === "alert") {
    const found = project?.observed?.alerts?.find(({ id }) => id === action.id);
    const wanted = project?.desired?.alerts?.find(({ name }) => name === action.name);
    if (found === undefined || wanted === undefined) return [];
    const recipients = fields.has("recipients") ? recipientEdits(wanted, found, place, keeper, words) : [];
    return [...set(found, ["quantity", "timespanMinutes", "uptime"]), ...recipients];
  }
  if (action.kind === "monitor") {
    const found = there?.monitors?.find(({ id }) => id === action.id);
    const value = found && declaredMonitor(found, keeper, words);
    const url = fields.has("url") && value !== undefined ? [{ path: [...place, "url"], value: value.url }] : [];
    return [...set(found, ["type", "intervalSeconds", "timeoutSeconds", "expectedStatus", "expectedBody"]), ...url];
  }
  if (action.kind === "member")
    return set(
      there?.members?.find(({ id }) => id === action.id),
      ["role", "teams"],
    );
  return [];
}

function recipientEdits(
  wanted: DesiredAlert,
  found: ObservedAlert,
  place: Path,
  keeper: SecretKeeper,
  words: readonly string[],
): Edit[] {
  const left = new Set(found.recipients);
  const list = [...place, "recipients"];
  const kept = wanted.recipients.flatMap((one, at): Edit[] => {
    for (const there of left) {
      const { same, tagsChange } = matchRecipients([one], [there]);
      if (!same) continue;
      left.delete(there);
      const tags = there.tagsToAdd?.length ? [...there.tagsToAdd] : undefined;
      return tagsChange ? [{ path: [...list, at, "tagsToAdd"], value: tags }] : [];
    }
    return [{ path: [...list, at], value: undefined }];
  });
  const more = [...left].map((one, at) => ({
    path: [...list, wanted.recipients.length + at],
    value: declaredRecipient(one, keeper, [...words, found.name]),
  }));
  return [...kept, ...more];
}

function changedProject({ path, observed }: ProjectPlace, { changes }: Update): Made {
  if (observed === undefined) return undefined;
  const { name, slug, platform, throttle, teams } = observed;
  const values: Readonly<Record<string, unknown>> = { name, slug, platform: platform || undefined, throttle };
  const edits = changes.map(({ field }) =>
    field === "teams" ? { path: [...path, "team"], value: teams[0] } : { path: [...path, field], value: values[field] },
  );
  return { how: "changed", edits };
}

/** The account of the token is never removed, so no plan speaks of it; in a list of members it belongs. */
function ownAccount(context: WishContext): (readonly [Undeclared, Made])[] {
  const { round, places } = context;
  return round.desired.organizations.flatMap(({ name, members }) => {
    const around = places.organization({ organization: name });
    const told = new Set(
      round.plan.undeclared
        .filter(({ kind, organization }) => kind === "member" && organization === name)
        .map(({ id }) => id),
    );
    if (members === undefined || around?.observed?.members === undefined) return [];
    return around.observed.members
      .filter(({ id, email }) => !told.has(id) && indexOf(around.part.body, "member", email) === -1)
      .map((one) => {
        const thing = {
          kind: "member" as Kind,
          instance: round.desired.name,
          organization: name,
          name: one.email,
          id: one.id,
        };
        return [thing, added(context, around.part.path, around.part.body, "member", declaredMember(one))] as const;
      });
  });
}
