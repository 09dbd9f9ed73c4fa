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
    const digest = (value: unknown) =>
      createHmac("sha256", salt)
        .update(JSON.stringify(inClear(value)))
        .digest("hex");
    return plan.actions.map((action) => ({
      id: idOf(action),
      // As it is read back from the file.
      shown: JSON.parse(JSON.stringify(reported(action))) as Record<string, unknown>,
      sends: digest("desired" in action ? action.desired : null),
      found: digest(foundBy(observed, action)),
    }));
  });

const idOf = (action: Action): string => {
  const { instance, organization, project, kind, type, name } = action;
  return JSON.stringify([instance, organization, project, kind, type, name, "id" in action ? action.id : null]);
};

/** Returns what an action changes or deletes as it is on the server; null where it creates something. */
function foundBy({ organizations }: ObservedServer, action: Action): unknown {
  if (action.type === "create") return null;
  const { id, kind, at } = action;
  const organization = organizations.find(({ slug }) => slug === at.organizationSlug);
  const projects = organization?.projects ?? [];
  const lists: Readonly<Record<Kind, readonly { readonly id?: string }[] | undefined>> = {
    organization: organizations,
    project: projects,
    team: organization?.teams,
    member: organization?.members,
    monitor: organization?.monitors,
    key: projects.flatMap(({ keys }) => keys ?? []),
    alert: projects.flatMap(({ alerts }) => alerts ?? []),
    statusPage: undefined,
  };
  const one = lists[kind]?.find((object) => object.id === id) ?? null;
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
