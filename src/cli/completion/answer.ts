import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cleanLine } from "../../base/clean.ts";
import { readIfThere } from "../../base/files.ts";
import { workspaceNames } from "../../config/workspace-names.ts";
import type { CliContext } from "../context.ts";
import { candidatesFor, folderIn, typedWords } from "./candidates.ts";
import type { OptionTable } from "./option-table.ts";

/** Prints a candidate a line, with a tab before its description. */
export async function printCandidates({ dir, print }: CliContext, line: string): Promise<void> {
  const words = typedWords(line).slice(1);
  const found = candidatesFor(words, workspaceNames(resolve(dir, folderIn(words) ?? ".")), await readTable());
  const lines = found.map(({ word, description = "" }) => `${cleanLine(word)}\t${description.split("\n", 1)[0]}`);
  if (lines.length > 0) print(lines.join("\n"));
}

/** Reads the table that the build made; in the source tree it is made here. */
async function readTable(): Promise<OptionTable> {
  const made = readIfThere(join(dirname(fileURLToPath(import.meta.url)), "completion.json"));
  if (made !== undefined) return JSON.parse(made) as OptionTable;
  const { optionTable } = await import("./option-table.ts");
  return await optionTable();
}
