import { cleanLine } from "../base/clean.ts";
import { EXIT } from "../base/errors.ts";
import {
  nameOf,
  type Outcome,
  placeOf,
  type Report,
  type ReportedAction,
  type ReportedProblem,
  reportedProblems,
  wordFor,
} from "../management/index.ts";
import type { CliContext } from "./context.ts";
import { type Colour, type Paint, paintFor } from "./screen.ts";

const SIGNS: Readonly<Record<ReportedAction["action_type"], { readonly sign: string; readonly colour: Colour }>> = {
  create: { sign: "+", colour: "good" },
  update: { sign: "~", colour: "doubtful" },
  delete: { sign: "-", colour: "bad" },
};

type Value = ReportedAction["changes"][number]["from"];

/** Prints what would change by instance, organization and project, each field as old → new. */
export function printChanges(context: CliContext, { actions, undeclared }: Report): void {
  const paint = paintFor(context);
  const entries = [
    ...actions.map((action) => ({ ...action, lines: actionLines(action, paint) })),
    ...undeclared.map((one) => ({ ...one, lines: [paint("faint", undeclaredLine(one))] })),
  ];
  for (const line of outline(entries, ["instance", "organization", "project"])) context.print(line);
}

interface Entry {
  readonly instance: string;
  readonly organization: string;
  readonly project?: string | undefined;
  readonly lines: readonly string[];
}

/** Returns headings with what stands below them, each level indented by two blanks. */
function outline(
  entries: readonly Entry[],
  [level, ...deeper]: readonly ("instance" | "organization" | "project")[],
): string[] {
  if (level === undefined) return entries.flatMap(({ lines }) => lines);
  return groups(entries, (one) => one[level] ?? "").flatMap(([heading, group]) => {
    const below = outline(group, deeper);
    return heading === "" ? below : [heading, ...below.map((line) => `  ${line}`)];
  });
}

function actionLines(action: ReportedAction, paint: Paint): string[] {
  const { sign, colour } = SIGNS[action.action_type];
  return [
    paint(colour, `${sign} ${cleanLine(nameOf(action))}`),
    ...action.changes.map(({ field, from, to }) => `    ${cleanLine(field)}: ${change(from, to)}`),
    ...(action.warning === undefined ? [] : [paint("doubtful", `    ! ${cleanLine(action.warning)}`)]),
  ];
}

function change(from: Value, to: Value): string {
  if (from === undefined) return shown(to);
  return to === undefined ? shown(from) : `${shown(from)} → ${shown(to)}`;
}

function shown(value: Value): string {
  if (value === null || value === undefined || value === "") return "none";
  return cleanLine(typeof value === "object" ? value.join(", ") || "none" : String(value));
}

function undeclaredLine({ kind, name, id, note }: Report["undeclared"][number]): string {
  const why = note === undefined ? "" : `: ${note}`;
  return cleanLine(`  ${wordFor(kind)} "${name}" (${id}) is not declared, and stays${why}`);
}

/** Groups by key, in the order of the keys: what belongs to no project stands before the projects. */
function groups<T>(all: readonly T[], keyOf: (one: T) => string): [string, T[]][] {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = found.get(key);
    if (group === undefined) found.set(key, [one]);
    else group.push(one);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Writes warnings, then errors with what to do about them, to stderr. */
export function tellProblems({ log }: Pick<CliContext, "log">, { warnings, problems }: Report): void {
  for (const remark of warnings) log.warn(`${cleanLine(placeOf(remark))}: ${cleanLine(remark.message)}`);
  for (const problem of problems) log.info(problemLine(problem));
}

/** Above this many of one reason, only their number is shown. */
const SKIPPED_SHOWN = 5;

/** Writes the changes that were not tried to stderr, by reason. */
export function tellSkipped({ log }: Pick<CliContext, "log">, outcomes: readonly Outcome[]): void {
  const skipped = outcomes.filter((one) => one.result === "skipped");
  for (const reason of new Set(skipped.map((one) => one.reason))) {
    const all = skipped.filter((one) => one.reason === reason);
    if (all.length > SKIPPED_SHOWN) log.info(`error: ${all.length} changes not tried: ${cleanLine(reason)}`);
    else for (const problem of reportedProblems([], all)) log.info(problemLine(problem));
  }
}

export function problemLine(problem: ReportedProblem): string {
  const { code, message, remedy } = problem;
  const next = remedy === undefined ? "" : `\n  → ${remedy}`;
  return `error${code === undefined ? "" : ` ${code}`}: ${cleanLine(placeOf(problem))}: ${cleanLine(message)}${next}`;
}

export function counts(actions: readonly ReportedAction[]): string {
  const of = (type: ReportedAction["action_type"]) => actions.filter(({ action_type }) => action_type === type).length;
  return `${of("create")} to create, ${of("update")} to change, ${of("delete")} to delete`;
}

/** Ends a dry run: exit code 3 where something would change. */
export function reportDryRun(context: CliContext, planned: Report): void {
  if (context.json) context.print(JSON.stringify({ dryRun: true, ...planned }));
  else if (planned.actions.length === 0 && planned.status !== "failed") context.print("nothing to change");
  tellProblems(context, planned);
  const would = planned.actions.length > 0 ? EXIT.changes : EXIT.done;
  context.setExitCode(planned.status === "failed" ? EXIT.failed : would);
}
