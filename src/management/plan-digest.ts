import { createHash, createHmac } from "node:crypto";
import { Secret } from "../base/secret.ts";
import type { Action, Kind, ObservedServer } from "../reconcile/index.ts";
import type { DeclaredServer } from "./declared.ts";
import { type LookedServer, reported } from "./report.ts";

export interface PlannedAction {
  readonly id: string;
  /** As it is reported. */
  readonly shown: Readonly<Record<string, unknown>>;
  readonly sends: string;
  readonly found: string;
}

/** Each declaration by a digest of its text. */
export const declarationsOf = (servers: readonly DeclaredServer[]): Record<string, string> =>
  Object.fromEntries(servers.map(({ file, text }) => [file, createHash("sha256").update(text).digest("hex")]));

/** What apply would do, with a digest of what it would send and of what is there. */
export const plannedActions = (looked: readonly LookedServer[], salt: string): PlannedAction[] =>
  looked.flatMap((one) => {
    if (!("result" in one)) return [];
    const { plan, observed } = one.result;
    const found = openFound(observed);
    const digest = (value: unknown) =>
      createHmac("sha256", salt)
        .update(JSON.stringify(inClear(value)))
        .digest("hex");
    return plan.actions.map((action) => ({
      id: idOf(action),
      // As it is read back from the file.
      shown: JSON.parse(JSON.stringify(reported(action))) as Record<string, unknown>,
      sends: digest("desired" in action ? action.desired : null),
      found: digest(found(action)),
    }));
  });

const idOf = (action: Action): string => {
  const { instance, organization, project, kind, type, name } = action;
  return JSON.stringify([instance, organization, project, kind, type, name, "id" in action ? action.id : null]);
};

/** What an action changes or takes away, as it is there; recipients come in any order. Of thousands, each is looked up. */
function openFound({ organizations }: ObservedServer): (action: Action) => unknown {
  const known = new Map<string, Map<string, unknown>>();
  const ofKind = (kind: Kind, slug: string | undefined): Map<string, unknown> => {
    const key = JSON.stringify([kind, slug]);
    const all = known.get(key) ?? new Map(listIn(kind, slug).map((one) => [one.id, one]));
    known.set(key, all);
    return all;
  };
  const listIn = (kind: Kind, slug: string | undefined): readonly { readonly id: string }[] => {
    const organization = organizations.find((one) => one.slug === slug);
    const projects = organization?.projects ?? [];
    switch (kind) {
      case "organization":
        return organizations;
      case "project":
        return projects;
      case "team":
        return organization?.teams ?? [];
      case "member":
        return organization?.members ?? [];
      case "monitor":
        return organization?.monitors ?? [];
      case "key":
        return projects.flatMap(({ keys }) => keys ?? []);
      case "alert":
        return projects.flatMap(({ alerts }) => alerts ?? []);
      default:
        return [];
    }
  };
  return (action) => {
    if (action.type === "create") return null;
    const { id, kind, at } = action;
    const one = ofKind(kind, at.organizationSlug).get(id) ?? null;
    if (kind !== "organization" && kind !== "project") return one;
    const own = { ...(one as Record<string, unknown> | null) };
    return {
      id: own.id,
      slug: own.slug,
      name: own.name,
      platform: own.platform,
      throttle: own.throttle,
      teams: own.teams,
    };
  };
}

/** Without the order of lists and keys, and with secrets as they are: for a digest and nothing else. */
function inClear(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map((one) => JSON.stringify(inClear(one))).sort();
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => [key, inClear(one)]);
}
