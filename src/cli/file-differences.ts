import type { FileDifference } from "../workspace/index.ts";
import type { CliContext } from "./context.ts";
import { type Paint, paintFor } from "./screen.ts";

type State = FileDifference["state"];

/** What is said of each; nothing of files that stay as they are. */
const SAID: Readonly<Partial<Record<State, string>>> = {
  new: "made",
  changed: "changed",
  merged: "merged",
  removed: "removed",
  conflict: "conflict",
};

/** A line for each file that changes, and below it how, where that is more than that it is there or gone. */
export function printDifferences(context: CliContext, files: readonly FileDifference[], would = ""): void {
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
