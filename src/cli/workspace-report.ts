import { defined } from "../base/defined.ts";
import {
  conflictIn,
  type FileDifference,
  planFiles,
  type WorkspaceResult,
  workspaceDocker,
} from "../workspace/index.ts";
import { addressTable } from "./addresses.ts";
import { type CliContext, reportError } from "./context.ts";
import { confirmed, type Paint, paintFor } from "./screen.ts";

/** Returns how to ask on a terminal whether to pull or build an image, without which nothing is written; nothing elsewhere. */
export const imageQuestions = (context: CliContext): { ask?(question: string): Promise<boolean> } =>
  context.interactive ? { ask: (question) => confirmed(context, question, "--pull or --build", true) } : {};

/**
 * Prints what became of the workspace's files, for every command that writes them. Throws GC1105 where a file could not
 * be merged; with --json the error is part of the printed value.
 */
export async function printWorkspaceResult(
  context: CliContext,
  { files, ...result }: WorkspaceResult,
  { diffs = false }: { readonly diffs?: boolean } = {},
): Promise<void> {
  const conflict = conflictIn(files, result.dryRun);
  const shown = diffs ? await (await import("../workspace/index.ts")).differencesOf(files) : named(files);
  if (context.json) {
    context.print(JSON.stringify({ ...result, files: shown, ...defined({ error: conflict }) }));
    if (conflict !== undefined)
      reportError(conflict, { ...context, json: false }, (text) => context.log.info(text.trimEnd()));
    return;
  }
  printDifferences(context, shown, result.dryRun ? "would be " : "");
  warnOfEjected(context, files);
  if (conflict !== undefined) throw conflict;
  if (result.nothingToChange) context.print("nothing to change");
  for (const { service, project, variables } of result.services) {
    context.print(
      `${service}: ${variables.join(", ")} from ${project === undefined ? "a DSN of yours" : `project ${project}`}`,
    );
  }
  if (result.dryRun) return;
  const { url, admin, sampleUrl, next, afterwards, lastly } = result;
  const addresses = addressTable({ url, admin, sampleUrl, apps: [] });
  if (addresses !== "") context.print(`\nonce it runs:\n${addresses}\n\n`);
  context.print(`next: ${next}`);
  context.print(`${result.services.length === 0 ? "no app is declared; then" : "then"}: ${afterwards}`);
  if (lastly !== undefined) context.print(`then: ${lastly}`);
}

/** Says which files of the user's own lack what the tool would write now. */
function warnOfEjected({ log }: CliContext, files: WorkspaceResult["files"]): void {
  for (const { path, state, after } of files) {
    if (state !== "ejected" || after === undefined) continue;
    log.warn(
      `${path} is yours since eject, so this change is not written into it: see plan, or render --adopt ${path}`,
    );
  }
}

const named = (files: WorkspaceResult["files"]) => files.map(({ before: _, after: __, ...file }) => file);

/** A part of what `plan` reports: its own keys in --json, its own lines on a screen. */
export interface PlanPart {
  readonly changes: boolean;
  readonly failed?: boolean;
  /** Something that belongs to the plan could not be asked, and nobody knows whether it would change. */
  readonly notAsked?: boolean;
  readonly json: object;
  print(): void;
}

/** Returns what `render` would change. */
export async function planOfFiles(context: CliContext): Promise<PlanPart> {
  const { changes, files } = await planFiles({ ...context, docker: workspaceDocker(context) });
  for (const place of conflictIn(files, true)?.problems ?? []) context.log.warn(place);
  return { changes, json: { files }, print: () => printDifferences(context, files, "would be ") };
}

type State = FileDifference["state"];

/** The words for what becomes of a file; none for files that stay as they are. */
const SAID: Readonly<Partial<Record<State, string>>> = {
  new: "created",
  changed: "changed",
  merged: "merged",
  removed: "removed",
  conflict: "conflict",
};

/** Prints a line for each file that changes, and the difference below it unless the file is new or gone. */
function printDifferences(context: CliContext, files: readonly FileDifference[], would = ""): void {
  const paint = paintFor(context);
  for (const { path, state, diff } of files) {
    const said = SAID[state];
    if (said === undefined) continue;
    context.print(`${state === "conflict" ? "" : would}${said.padEnd(9)}${path}`);
    if (diff !== undefined && state !== "new" && state !== "removed") context.print(painted(diff, paint));
  }
}

function painted(diff: string, paint: Paint): string {
  const line = (text: string) => {
    if (/^(?:---|\+\+\+|@@)/.test(text)) return paint("faint", text);
    if (text.startsWith("+")) return paint("good", text);
    return text.startsWith("-") ? paint("bad", text) : text;
  };
  return diff.trimEnd().split("\n").map(line).join("\n");
}
