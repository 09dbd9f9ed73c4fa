import { existsSync } from "node:fs";
import { join } from "node:path";
import { readIfThere, writeOne } from "../base/files.ts";

/** What `init` wrote into .env, so that `uninstall` can take exactly that away. It holds no line of the user's alone. */
interface EnvRecord {
  readonly version: 1;
  /** There was no .env before. */
  readonly made: boolean;
  /** The file's last line had no end of line, so one was added. */
  readonly endAdded: boolean;
  readonly edits: readonly EnvEdit[];
}

interface EnvEdit {
  readonly line: string;
  /** The line that it replaced: a variable that both have. */
  readonly before?: string;
}

const RECORD_FILE = ".glitchtip/state/env-lines.json";

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
const bare = (line: string): string => line.replace(/\r?\n$/, "");
const nameIn = (line: string): string | undefined => /^\s*(?:export\s+)?(\w+)\s*=/.exec(line)?.[1];

/** Returns the lines that were inserted or replaced, or undefined where the texts differ in another way. */
export function envEdits(before: string, after: string): EnvEdit[] | undefined {
  const old = linesOf(before).map(bare);
  const edits: EnvEdit[] = [];
  let at = 0;
  for (const line of linesOf(after).map(bare)) {
    const expected = old[at];
    if (line === expected) at++;
    else if (expected !== undefined && nameIn(line) !== undefined && nameIn(line) === nameIn(expected)) {
      edits.push({ line, before: expected });
      at++;
    } else edits.push({ line });
  }
  return at === old.length ? edits : undefined;
}

/** Notes an edit of .env, beside those that were noted before. */
export function recordEnvEdit(dir: string, before: string, after: string): void {
  const known = readRecord(dir);
  const isKnown = (edit: EnvEdit) => known?.edits.some((one) => one.line === edit.line && one.before === edit.before);
  const edits = envEdits(before, after)?.filter((edit) => !isKnown(edit));
  if (edits === undefined || edits.length === 0) return;
  const record: EnvRecord = {
    version: 1,
    made: known?.made ?? !existsSync(join(dir, ".env")),
    endAdded: known?.endAdded ?? (before !== "" && !before.endsWith("\n")),
    edits: [...(known?.edits ?? []), ...edits],
  };
  writeOne(join(dir, RECORD_FILE), `${JSON.stringify(record, null, 1)}\n`, 0o600);
}

function readRecord(dir: string): EnvRecord | undefined {
  try {
    const found = JSON.parse(readIfThere(join(dir, RECORD_FILE)) ?? "") as EnvRecord;
    return found.version === 1 && Array.isArray(found.edits) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** What is to be taken out of .env where nothing was recorded, as in a clone of a repository that has .env in it. */
export interface KnownLines {
  /** The list of Compose files without ours; undefined where Compose finds them by itself. */
  readonly composeFile: (stated: string) => string | undefined;
  readonly names: readonly string[];
}

/** Returns the text of .env as it was before `init`, or undefined where there was no such file. */
export function envBeforeInit(dir: string, text: string, known: KnownLines): string | undefined {
  const record = readRecord(dir);
  const after = record === undefined ? withoutKnown(text, known) : withoutRecorded(text, record);
  const wasMade = record?.made ?? text !== "";
  return wasMade && after.trim() === "" ? undefined : after;
}

function withoutRecorded(text: string, { edits, endAdded }: EnvRecord): string {
  const lines = linesOf(text);
  const lastIsOurs = edits.some(({ line }) => line === bare(lines.at(-1) ?? ""));
  for (const { line, before } of edits.toReversed()) {
    const exact = lines.findLastIndex((one) => bare(one) === line);
    const name = nameIn(line);
    const at = exact >= 0 || name === undefined ? exact : lines.findLastIndex((one) => nameIn(one) === name);
    const found = lines[at];
    if (found !== undefined)
      lines.splice(at, 1, ...(before === undefined ? [] : [before + found.slice(bare(found).length)]));
  }
  const rest = lines.join("");
  return endAdded && lastIsOurs ? bare(rest) : rest;
}

function withoutKnown(text: string, { composeFile, names }: KnownLines): string {
  const lines = linesOf(text);
  const listed = lines.find((line) => nameIn(line) === "COMPOSE_FILE");
  const stated = bare(listed ?? "").replace(/^[^=]*=\s*/, "");
  const rest = listed === undefined ? undefined : composeFile(stated);
  // The separator came with the list.
  const dropped =
    listed !== undefined && rest === undefined ? ["COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR", ...names] : names;
  const isOurs = (line: string) =>
    dropped.includes(nameIn(line) ?? "") || (line.startsWith("#") && line.includes("glitchtip-compose"));
  return lines
    .filter((line) => !isOurs(line))
    .map((line) => (line === listed && rest !== undefined ? line.replace(stated, () => rest) : line))
    .join("");
}
