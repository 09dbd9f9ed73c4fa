import type { Path } from "../../config/inside/parts.ts";
import { JIRA_ALERT, type Undeclared } from "../../reconcile/index.ts";
import {
  declaredAlert,
  declaredKey,
  declaredMember,
  declaredMonitor,
  declaredOrganization,
  declaredProject,
} from "./declare.ts";
import { jiraEdits } from "./jira-edits.ts";
import { indexOf, isTaken, LISTS, type ListedKind, listIn } from "./places.ts";
import { declaredPage } from "./status-pages.ts";
import type { Made, WishContext } from "./wishes.ts";

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
