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

/** What would change, for people: by instance, organization and project, each field old → new. */
export function printChanges(context: CliContext, { actions, undeclared }: Report): void {
  const paint = paintFor(context);
  const entries = [
    ...actions.map((action) => ({ ...action, lines: actionLines(action, paint) })),
    ...undeclared.map((one) => ({ ...one, lines: [paint("faint", undeclaredLine(one))] })),
  ];
  for (const [instance, ofInstance] of groups(entries, (one) => one.instance)) {
    say(context, 0, instance);
    for (const [organization, ofOrganization] of groups(ofInstance, (one) => one.organization)) {
      say(context, 1, organization);
      for (const [project, ofProject] of groups(ofOrganization, (one) => one.project ?? "")) {
        if (project !== "") say(context, 2, project);
        for (const { lines } of ofProject) for (const line of lines) say(context, project === "" ? 2 : 3, line);
      }
    }
  }
}

function actionLines(action: ReportedAction, paint: Paint): string[] {
  const { sign, colour } = SIGNS[action.action_type];
  return [
    paint(colour, `${sign} ${printable(nameOf(action))}`),
    ...action.changes.map(({ field, from, to }) => `    ${printable(field)}: ${change(from, to)}`),
    ...(action.warning === undefined ? [] : [paint("doubtful", `    ! ${printable(action.warning)}`)]),
  ];
}

function change(from: Value, to: Value): string {
  if (from === undefined) return shown(to);
  return to === undefined ? shown(from) : `${shown(from)} → ${shown(to)}`;
}

function shown(value: Value): string {
  if (value === null || value === undefined || value === "") return "none";
  return printable(typeof value === "object" ? value.join(", ") || "none" : String(value));
}

function undeclaredLine({ kind, name, id, note }: Report["undeclared"][number]): string {
  const why = note === undefined ? "" : `: ${note}`;
  return printable(`  ${wordFor(kind)} "${name}" (${id}) is not declared, and stays${why}`);
}

/** In the order in which each comes first; what belongs to no project stands before the projects. */
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

const say = (context: CliContext, depth: number, line: string): void => context.print("  ".repeat(depth) + line);

/** Names come from the server: no word of theirs moves the cursor or colours anything. */
export const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "?");

/** On stderr: what to look at, then what failed and what to do about it. */
export function tellProblems({ log }: Pick<CliContext, "log">, { warnings, problems }: Report): void {
  for (const remark of warnings) log.warn(`${printable(placeOf(remark))}: ${printable(remark.message)}`);
  for (const problem of problems) log.info(problemLine(problem));
}

/** More of one reason are a number: nobody reads hundreds of lines that say the same. */
const SKIPPED_SHOWN = 5;

/** On stderr: what was not tried, by its reason. */
export function tellSkipped({ log }: Pick<CliContext, "log">, outcomes: readonly Outcome[]): void {
  const skipped = outcomes.filter((one) => one.result === "skipped");
  for (const reason of new Set(skipped.map((one) => one.reason))) {
    const all = skipped.filter((one) => one.reason === reason);
    if (all.length > SKIPPED_SHOWN) log.info(`error: ${all.length} changes not tried: ${printable(reason)}`);
    else for (const problem of reportedProblems([], all)) log.info(problemLine(problem));
  }
}

export function problemLine(problem: ReportedProblem): string {
  const { code, message, remedy } = problem;
  const next = remedy === undefined ? "" : `\n  → ${remedy}`;
  return `error${code === undefined ? "" : ` ${code}`}: ${printable(placeOf(problem))}: ${printable(message)}${next}`;
}

export function counts(actions: readonly ReportedAction[]): string {
  const of = (type: ReportedAction["action_type"]) => actions.filter(({ action_type }) => action_type === type).length;
  return `${of("create")} to create, ${of("update")} to change, ${of("delete")} to delete`;
}
