import { type KeyPath, type OrganizationPart, organizationParts, type ServerPart } from "../../config/contents.ts";
import { slugify } from "../../glitchtip/wire/slugify.ts";
import type {
  DesiredProject,
  DesiredServer,
  Kind,
  ObservedOrganization,
  ObservedProject,
  ObservedServer,
  Plan,
} from "../../reconcile/index.ts";

export interface Round {
  readonly part: ServerPart;
  readonly desired: DesiredServer;
  readonly observed: ObservedServer;
  readonly plan: Plan;
}

/** An organization's place in the declaration, and what the server has of it. */
export interface OrganizationPlace {
  readonly part: OrganizationPart;
  readonly observed: ObservedOrganization | undefined;
}

export interface ProjectPlace {
  readonly path: KeyPath;
  readonly key: string;
  readonly body: NonNullable<OrganizationPart["body"]["projects"]>[string];
  readonly desired: DesiredProject | undefined;
  readonly observed: ObservedProject | undefined;
}

type Where = { readonly organization: string; readonly project?: string | undefined };

/** Finds the objects of a plan in the declaration and on the server. */
export function openPlaces({ part, desired, observed, plan }: Round) {
  const parts = new Map(organizationParts(part).map((one) => [one.name, one]));
  const known = new Map(Object.entries(plan.known.organizations));
  const organizations = new Map(observed.organizations.map((one) => [one.id, one]));
  const keys = new Map<string, ReadonlyMap<string, string>>();
  const keysIn = (name: string): ReadonlyMap<string, string> => {
    const found = keys.get(name);
    if (found !== undefined) return found;
    const wanted = desired.organizations.find((one) => one.name === name)?.projects ?? [];
    const made = new Map([
      ...wanted.map((one) => [one.slug ?? slugify(one.name), one.key] as const),
      ...Object.entries(known.get(name)?.projects ?? {}).map(([key, { slug }]) => [slug, key] as const),
    ]);
    keys.set(name, made);
    return made;
  };
  const organization = ({ organization: name }: Where): OrganizationPlace | undefined => {
    const found = parts.get(name);
    return found && { part: found, observed: organizations.get(known.get(name)?.id ?? "") };
  };
  return {
    organization,
    project(where: Where): ProjectPlace | undefined {
      const around = organization(where);
      const slug = where.project ?? "";
      const key = keysIn(where.organization).get(slug);
      const body = key === undefined ? undefined : around?.part.body.projects?.[key];
      if (around === undefined || key === undefined || body === undefined) return undefined;
      return {
        path: [...around.part.path, "projects", key],
        key,
        body,
        desired: desired.organizations
          .find((one) => one.name === where.organization)
          ?.projects.find((one) => one.key === key),
        observed: around.observed?.projects?.find((one) => one.slug === slug),
      };
    },
  };
}

export type Places = ReturnType<typeof openPlaces>;

/** The key of each kind's list, and the field that identifies an item. */
export const LISTS = {
  team: { key: "teams", name: undefined },
  member: { key: "members", name: "email" },
  key: { key: "keys", name: "label" },
  alert: { key: "alerts", name: "name" },
  monitor: { key: "monitors", name: "name" },
  statusPage: { key: "statusPages", name: "name" },
} as const satisfies Partial<Record<Kind, { readonly key: string; readonly name: string | undefined }>>;

export type ListedKind = keyof typeof LISTS;

export const listIn = (body: object, kind: ListedKind): readonly unknown[] =>
  ((body as Readonly<Record<string, unknown>>)[LISTS[kind].key] as readonly unknown[] | undefined) ?? [];

/** Returns the index of an item in its list, or -1. */
export function indexOf(body: object, kind: ListedKind, name: string): number {
  const field = LISTS[kind].name;
  const same = (text: unknown) =>
    kind === "member" ? String(text).toLowerCase() === name.toLowerCase() : String(text) === name;
  return listIn(body, kind).findIndex((one) =>
    same(field === undefined ? one : (one as Readonly<Record<string, unknown>>)[field]),
  );
}

interface Taken {
  readonly round: Pick<Round, "part">;
  readonly grown: Map<string, number>;
}

/** Tells whether a key exists already or was given in this round, and reserves it. */
export function isTaken({ round, grown }: Taken, path: KeyPath): boolean {
  const word = path.map(String).join("\0");
  let found: unknown = round.part.body;
  for (const key of path.slice(round.part.path.length))
    found = (found as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key];
  const taken = found !== undefined || grown.has(word);
  grown.set(word, 1);
  return taken;
}
