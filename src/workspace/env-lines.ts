import { serverKind } from "../config/server.ts";
import { STACK_FILE } from "../stack/managed-files.ts";
import { SEPARATOR, separatorIn, statedWithOurs, statesOnlyOurs } from "./discovery.ts";
import { parseEnv, setVariable } from "./env-file.ts";
import type { Workspace } from "./workspace.ts";

const SAMPLE_PORT = "3000";

/** Stands above the lines that we add, so that a person knows whose they are. */
const MARK = "# Added by glitchtip-compose: how Compose finds its file, and ports.";
/** The same, where a line without an end came before: with the lines its end goes, too. */
const MARK_AFTER_OPEN_LINE = `${MARK} The line above had no end.`;
const OUR_LINE = /^(?:COMPOSE_PATH_SEPARATOR|COMPOSE_FILE|GLITCHTIP_PORT|APP_PORT)=/;

/**
 * Returns the text of .env as the workspace needs it: with COMPOSE_FILE and the ports where Compose finds our file by it,
 * else without those lines. A COMPOSE_FILE and ports of the user's stay, the former with our file in it.
 */
export function envWith(text: string, workspace: Workspace, sample: boolean): string {
  const { dir, env, composeFiles, declaration, stackFile } = workspace;
  const stated = statedWithOurs(dir, env, stackFile);
  if (stackFile !== STACK_FILE) {
    if (stated === undefined) return text;
    const without = withoutOurLines(text, String(declaration.server.port));
    const isOursAlone =
      statesOnlyOurs(dir, env, stackFile) && isOurs(text, env) && parseEnv(without).COMPOSE_FILE === undefined;
    return isOursAlone ? without : setVariable(text, "COMPOSE_FILE", stated);
  }
  const lines: Readonly<Record<string, string | false>> = {
    COMPOSE_PATH_SEPARATOR: env.COMPOSE_PATH_SEPARATOR === undefined && SEPARATOR,
    COMPOSE_FILE: stated ?? composeFiles.join(separatorIn(env)),
    GLITCHTIP_PORT: serverKind(declaration) === "bundled" && !env.GLITCHTIP_PORT && String(declaration.server.port),
    APP_PORT: sample && !env.APP_PORT && SAMPLE_PORT,
  };
  return withLines(text, env, lines);
}

/** Sets the variables; the lines that are added stand under our mark. */
function withLines(text: string, env: Workspace["env"], lines: Readonly<Record<string, string | false>>): string {
  const wanted = Object.entries(lines).flatMap(([name, value]) => (value === false ? [] : [[name, value] as const]));
  const set = (edited: string, [name, value]: readonly [string, string]) => setVariable(edited, name, value);
  const edited = wanted.filter(([name]) => env[name] !== undefined).reduce(set, text);
  const added = wanted.filter(([name]) => env[name] === undefined);
  if (added.length === 0) return edited;
  const eol = edited.includes("\r\n") ? "\r\n" : "\n";
  const isOpen = edited !== "" && !edited.endsWith("\n");
  const marked = isOpen ? `${edited}${eol}${MARK_AFTER_OPEN_LINE}${eol}` : `${edited}${MARK}${eol}`;
  return added.reduce(set, marked);
}

/** Earlier versions wrote no mark, but always these two lines together. */
const isOurs = (text: string, env: Workspace["env"]): boolean =>
  text.includes(MARK) || env.COMPOSE_PATH_SEPARATOR === SEPARATOR;

/** Returns the text without our lines. A port that somebody has changed stays. */
function withoutOurLines(text: string, port: string): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const isDefault = (line: string) =>
    line.startsWith("GLITCHTIP_PORT=")
      ? line.trim() === `GLITCHTIP_PORT=${port}`
      : !line.startsWith("APP_PORT=") || line.trim() === `APP_PORT=${SAMPLE_PORT}`;
  const hasMark = text.includes(MARK);
  const kept: string[] = [];
  let below = !hasMark;
  for (const line of lines) {
    if (line.startsWith(MARK)) {
      below = true;
      if (line.trimEnd() === MARK_AFTER_OPEN_LINE) kept.push(kept.pop()?.replace(/\r?\n$/, "") ?? "");
    } else if (below && OUR_LINE.test(line)) {
      if (!isDefault(line)) kept.push(withEnd(kept, line));
    } else {
      below = !hasMark;
      kept.push(withEnd(kept, line));
    }
  }
  return kept.join("");
}

/** Puts back the end of the line before, where it was taken and another line follows after all. */
const withEnd = (before: readonly string[], line: string): string =>
  before.length > 0 && !before.at(-1)?.endsWith("\n") ? `\n${line}` : line;
