import { createHash, createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod/mini";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere, writeOne } from "../base/files.ts";
import { Secret } from "../base/secret.ts";
import type { Action, Kind, ObservedServer } from "../reconcile/index.ts";
import type { DeclaredServer, ServersChoice } from "./declared.ts";
import { type LookedServer, nameOf, placeOf, type ReportedAction, reported } from "./report.ts";

/** The file of a plan as it was shown. It holds secrets only as digests of what would be sent and of what was there. */
const fileShape = z.object({
  version: z.literal(1),
  file: z.string(),
  instance: z.optional(z.string()),
  strict: z.boolean(),
  salt: z.string(),
  declarations: z.record(z.string(), z.string()),
  actions: z.array(
    z.object({
      id: z.string(),
      shown: z.record(z.string(), z.unknown()),
      sends: z.string(),
      found: z.string(),
    }),
  ),
});

type PlanFile = z.infer<typeof fileShape>;

export interface PlanFileOptions extends ServersChoice {
  readonly strict?: boolean | undefined;
}

/** Writes a plan for `apply --plan`. Callers pass only complete plans. Throws GC1001 where a file of another kind is there. */
export function writePlanFile(path: string, looked: readonly LookedServer[], options: PlanFileOptions): void {
  const before = readIfThere(path) ?? "";
  if (before.trim() !== "" && !looksLikePlan(before)) {
    throw new CodedError("GC1001", `--out ${path} would overwrite a file that is no plan`, {
      remedy: "Name another file.",
    });
  }
  const salt = randomBytes(16).toString("hex");
  const { file, instance, strict = false } = options;
  const content: PlanFile = {
    version: 1,
    file,
    ...defined({ instance }),
    strict,
    salt,
    declarations: declarationsOf(looked.map(({ declared }) => declared)),
    actions: plannedActions(looked, salt),
  };
  writeOne(path, `${JSON.stringify(content, null, 1)}\n`, 0o600);
}

/** A plan of another version may be replaced, too. */
function looksLikePlan(text: string): boolean {
  try {
    const found = JSON.parse(text) as Partial<PlanFile> | null;
    return found?.salt !== undefined && found.actions !== undefined;
  } catch {
    return false;
  }
}

export function readPlanFile(path: string): PlanFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const remedy = "Create one with: npx glitchtip-compose plan --out FILE";
    throw new CodedError("GC1001", `--plan ${path}: the file cannot be read`, { remedy, cause });
  }
  try {
    return z.parse(fileShape, JSON.parse(text));
  } catch (cause) {
    const remedy = "Create a new one with: npx glitchtip-compose plan --out FILE";
    throw new CodedError("GC1001", `--plan ${path}: this is no plan of glitchtip-compose`, { remedy, cause });
  }
}

/** Throws where apply would now do something else than the plan showed, and names each difference. */
export function requireSame(plan: PlanFile, looked: readonly LookedServer[]): void {
  const now = new Map(plannedActions(looked, plan.salt).map((action) => [action.id, action]));
  const before = new Map(plan.actions.map((action) => [action.id, action]));
  const declarations = declarationsOf(looked.map(({ declared }) => declared));
  const files = new Set([...Object.keys(declarations), ...Object.keys(plan.declarations)]);
  const problems = [
    ...[...files]
      .filter((file) => declarations[file] !== plan.declarations[file])
      .map((file) => `${file} has changed since the plan was created`),
    ...looked.flatMap((one) => ("error" in one ? [`${one.declared.desired.name}: ${one.error.message}`] : [])),
    ...[...before.values()].flatMap((action) => moved(action, now.get(action.id))),
    ...[...now.values()]
      .filter(({ id }) => !before.has(id))
      .map((action) => `${sentence(action)} is now in the plan, too`),
  ];
  if (problems.length === 0) return;
  throw new CodedError("GC1409", "the plan is out of date; nothing was changed", {
    problems,
    remedy: "Plan again, and look at it: npx glitchtip-compose plan --out FILE",
  });
}

function moved(before: PlannedAction, now: PlannedAction | undefined): string[] {
  const what = sentence(before);
  if (now === undefined) return [`${what} is no longer in the plan`];
  if (!isDeepStrictEqual(before.shown.changes, now.shown.changes)) {
    return [`${what}: ${told(before)} was shown, now it is ${told(now)}`];
  }
  if (before.found !== now.found) return [`${what}: it was changed on the server in the meantime`];
  return before.sends === now.sends ? [] : [`${what}: a secret in it has changed`];
}

const told = ({ shown }: PlannedAction): string => {
  const changes = (shown as unknown as ReportedAction).changes ?? [];
  return (
    changes.map(({ field, from, to }) => `${field} ${String(from ?? "none")} → ${String(to ?? "none")}`).join(", ") ||
    "nothing"
  );
};

function sentence({ shown }: PlannedAction): string {
  const action = shown as unknown as ReportedAction;
  return `${placeOf({ ...action, message: "" })}: ${action.action_type} ${nameOf(action)}`;
}

export interface PlannedAction {
  readonly id: string;
  /** The action as it is reported. */
  readonly shown: Readonly<Record<string, unknown>>;
  readonly sends: string;
  readonly found: string;
}

/** Returns the digest of each declaration's text. */
export const declarationsOf = (servers: readonly DeclaredServer[]): Record<string, string> =>
  Object.fromEntries(servers.map(({ file, text }) => [file, createHash("sha256").update(text).digest("hex")]));

/** Returns the actions with digests of what apply would send and of what is there. */
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
      // The round trip through JSON gives what is read back from the file.
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

/** Returns the value in canonical order with secrets in clear text. It is only for a digest. */
function inClear(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map((one) => JSON.stringify(inClear(one))).sort();
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => [key, inClear(one)]);
}
