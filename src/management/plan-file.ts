import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod/mini";
import { CodedError } from "../base/errors.ts";
import { writeOne } from "../base/files.ts";
import type { ServersChoice } from "./declared.ts";
import { declarationsOf, type PlannedAction, plannedActions } from "./plan-digest.ts";
import { type LookedServer, nameOf, placeOf, type ReportedAction } from "./report.ts";

/** A plan as it was shown. Secrets are in it only as digests of what would be sent and of what was there. */
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

/** Keeps a plan for `apply --plan`. Only a whole one: what could not be planned was not shown either. */
export function writePlanFile(path: string, looked: readonly LookedServer[], options: PlanFileOptions): void {
  const salt = randomBytes(16).toString("hex");
  const { file, instance, strict = false } = options;
  const content: PlanFile = {
    version: 1,
    file,
    ...(instance === undefined ? {} : { instance }),
    strict,
    salt,
    declarations: declarationsOf(looked.map(({ declared }) => declared)),
    actions: plannedActions(looked, salt),
  };
  writeOne(path, `${JSON.stringify(content, null, 1)}\n`, 0o600);
}

export function readPlanFile(path: string): PlanFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const remedy = "Make one with: glitchtip-compose plan --out FILE";
    throw new CodedError("GC1001", `--plan ${path}: the file cannot be read`, { remedy, cause });
  }
  try {
    return z.parse(fileShape, JSON.parse(text));
  } catch (cause) {
    const remedy = "Make a new one with: glitchtip-compose plan --out FILE";
    throw new CodedError("GC1001", `--plan ${path}: this is no plan of glitchtip-compose`, { remedy, cause });
  }
}

/** Throws where what would be done now is not what was shown, and names what moved. */
export function requireSame(plan: PlanFile, looked: readonly LookedServer[]): void {
  const now = new Map(plannedActions(looked, plan.salt).map((action) => [action.id, action]));
  const before = new Map(plan.actions.map((action) => [action.id, action]));
  const declarations = declarationsOf(looked.map(({ declared }) => declared));
  const files = new Set([...Object.keys(declarations), ...Object.keys(plan.declarations)]);
  const problems = [
    ...[...files]
      .filter((file) => declarations[file] !== plan.declarations[file])
      .map((file) => `${file} has changed since`),
    ...looked.flatMap((one) => ("error" in one ? [`${one.declared.desired.name}: ${one.error.message}`] : [])),
    ...[...before.values()].flatMap((action) => moved(action, now.get(action.id))),
    ...[...now.values()]
      .filter(({ id }) => !before.has(id))
      .map((action) => `${sentence(action)} is to be done now, too`),
  ];
  if (problems.length === 0) return;
  throw new CodedError("GC1409", "the plan is not what would be done now; nothing was changed", {
    problems,
    remedy: "Plan again, and look at it: glitchtip-compose plan --out FILE",
  });
}

function moved(before: PlannedAction, now: PlannedAction | undefined): string[] {
  const what = sentence(before);
  if (now === undefined) return [`${what} is not to be done any more`];
  if (!isDeepStrictEqual(before.shown.changes, now.shown.changes)) {
    return [`${what}: ${told(before)} was shown, now it is ${told(now)}`];
  }
  if (before.found !== now.found) return [`${what}: it was changed on the server meanwhile`];
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
