import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cleanLine } from "../../base/clean.ts";
import { readIfThere } from "../../base/files.ts";
import type { WorkspaceNames } from "../../config/workspace-names.ts";
import { candidatesFor, folderIn, typedWords } from "./candidates.ts";
import type { OptionTable } from "./option-table.ts";

/** Returns a candidate a line, with a tab before its description. */
export async function candidateLines(dir: string, line: string): Promise<string> {
  const words = typedWords(line).slice(1);
  const table = await readTable();
  const { names, wereAsked } = unreadNames();
  const first = candidatesFor(words, names, table);
  const found = wereAsked() ? candidatesFor(words, await namesIn(dir, words), table) : first;
  return found.map(({ word, description = "" }) => `${cleanLine(word)}\t${description.split("\n", 1)[0]}\n`).join("");
}

/** Returns no names, and whether one was asked for: most key presses complete a command or an option. */
function unreadNames(): { readonly names: WorkspaceNames; wereAsked(): boolean } {
  let asked = false;
  const none = () => {
    asked = true;
    return [];
  };
  const names = { services: none, apps: none, projects: none, servers: none, alerts: none, backups: none };
  return { names, wereAsked: () => asked };
}

/** Reads the names of the workspace. The YAML parser takes half of the time that a key press has, so it is loaded here. */
async function namesIn(dir: string, words: readonly string[]): Promise<WorkspaceNames> {
  const { workspaceNames } = await import("../../config/workspace-names.ts");
  return workspaceNames(resolve(dir, folderIn(words) ?? "."));
}

/** Reads the table that the build made; in the source tree it is made here. */
export async function readTable(): Promise<OptionTable> {
  const made = readIfThere(join(dirname(fileURLToPath(import.meta.url)), "completion.json"));
  if (made !== undefined) return JSON.parse(made) as OptionTable;
  const { optionTable } = await import("./option-table.ts");
  return await optionTable();
}
