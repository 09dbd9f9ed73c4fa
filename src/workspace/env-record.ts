import { existsSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { explainWriteError, quietly, readIfThere, writeOne } from "../base/files.ts";
import { parseEnv, setVariable } from "./env-file.ts";

/** Stands above the lines that we add, so that a person knows whose they are. */
export const MARK = "# Added by glitchtip-compose: how Compose finds its file, and ports.";

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

/**
 * Notes an edit of .env, beside those that were noted before. Where lines are taken away, they are ours, and nothing is left
 * to take away later.
 */
export function recordEnvEdit(dir: string, before: string, after: string): void {
  const known = readRecord(dir);
  const isKnown = (edit: EnvEdit) => known?.edits.some((one) => one.line === edit.line && one.before === edit.before);
  const edits = envEdits(before, after)?.filter((edit) => !isKnown(edit));
  if (edits === undefined) forgetEnvEdits(dir);
  if (edits === undefined || edits.length === 0) return;
  const record: EnvRecord = {
    version: 1,
    made: known?.made ?? !existsSync(join(dir, ".env")),
    endAdded: known?.endAdded ?? (before !== "" && !before.endsWith("\n")),
    edits: [...(known?.edits ?? []), ...edits],
  };
  writeOne(join(dir, RECORD_FILE), `${JSON.stringify(record, null, 1)}\n`, 0o600);
}

function forgetEnvEdits(dir: string): void {
  try {
    rmSync(join(dir, RECORD_FILE), { force: true });
    quietly(() => rmdirSync(dirname(join(dir, RECORD_FILE))));
  } catch (error) {
    throw explainWriteError(error, join(dir, RECORD_FILE));
  }
}

function readRecord(dir: string): EnvRecord | undefined {
  try {
    const found = JSON.parse(readIfThere(join(dir, RECORD_FILE)) ?? "") as EnvRecord;
    return found.version === 1 && Array.isArray(found.edits) ? found : undefined;
  } catch {
    return undefined;
  }
}

export interface OurLines {
  /** COMPOSE_FILE without our file; undefined where Compose finds these files by itself. */
  readonly composeFile: string | undefined;
  /** The other variables that we may have set, each with our value. */
  readonly values: Readonly<Record<string, string>>;
  /** COMPOSE_FILE lists our file. */
  readonly isListed: boolean;
  /** A value that somebody has changed since stays; else its line goes, too. */
  readonly keepsChanged: boolean;
}

/** Returns the text of .env without what we wrote into it, or undefined where the file was made by us and is empty now. */
export function envWithoutOurs(dir: string, text: string, ours: OurLines): string | undefined {
  const record = readRecord(dir);
  const after = record === undefined ? withoutKnown(text, ours) : withoutRecorded(text, record, ours);
  const wasMade = record?.made ?? after !== text;
  return wasMade && after.trim() === "" ? undefined : after;
}

function withoutRecorded(text: string, { edits, endAdded }: EnvRecord, ours: OurLines): string {
  const lines = linesOf(text);
  const lastIsOurs = edits.some(({ line }) => line === bare(lines.at(-1) ?? ""));
  for (const { line, before } of edits.toReversed()) {
    const exact = lines.findLastIndex((one) => bare(one) === line);
    const name = nameIn(line);
    const keeps = name === "COMPOSE_FILE" ? ours.composeFile !== undefined : ours.keepsChanged;
    const at = exact >= 0 || name === undefined || keeps ? exact : lines.findLastIndex((one) => nameIn(one) === name);
    const found = lines[at];
    if (found !== undefined)
      lines.splice(at, 1, ...(before === undefined ? [] : [before + found.slice(bare(found).length)]));
  }
  const rest = withComposeFile(lines.join(""), ours);
  return endAdded && lastIsOurs ? bare(rest) : rest;
}

/** Takes our lines away where nothing was recorded, as in a clone that has .env in it: those below the mark, else by name. */
function withoutKnown(text: string, ours: OurLines): string {
  const { composeFile, values, isListed, keepsChanged } = ours;
  const names = [
    ...(composeFile === undefined ? ["COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR"] : []),
    ...Object.keys(values),
  ];
  const hasMark = text.includes(MARK);
  if (!hasMark && !isListed) return text;
  let isBelow = !hasMark;
  const kept = linesOf(text).filter((line) => {
    const name = nameIn(line) ?? "";
    if (line.startsWith(MARK)) isBelow = true;
    else if (!isBelow || !names.includes(name)) isBelow = !hasMark;
    else return keepsChanged && name in values && parseEnv(line)[name] !== values[name];
    return !line.startsWith(MARK);
  });
  return withComposeFile(kept.join(""), ours);
}

/** Returns the text where COMPOSE_FILE, if it is still stated, is without our file. */
const withComposeFile = (text: string, { composeFile }: OurLines): string =>
  composeFile === undefined || parseEnv(text).COMPOSE_FILE === undefined
    ? text
    : setVariable(text, "COMPOSE_FILE", composeFile);
