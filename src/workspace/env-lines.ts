import { join } from "node:path";
import { defined } from "../base/defined.ts";
import { readIfThere } from "../base/files.ts";
import { serverKind } from "../config/server.ts";
import { STACK_FILE } from "../stack/managed-files.ts";
import { SAMPLE_PORT, samplePortIn } from "./assets.ts";
import { listsOurs, SEPARATOR, separatorIn, statedWithOurs, statedWithoutOurs } from "./discovery.ts";
import { parseEnv, setVariable } from "./env-file.ts";
import { envWithoutOurs, MARK } from "./env-record.ts";
import type { Workspace } from "./workspace.ts";

/** Returns the sample app's port as its Compose file states it: the shell may say another one for now. */
export const samplePort = ({ dir, user }: Workspace): string =>
  samplePortIn(readIfThere(join(dir, "compose.yaml")) ?? "") ??
  user.services.app?.ports?.[0]?.published ??
  String(SAMPLE_PORT);

/**
 * Returns the text of .env as the workspace needs it: with COMPOSE_FILE and the ports where Compose finds our file by it,
 * else without those lines. A COMPOSE_FILE and ports of the user's stay, the former with our file in it. Undefined means that
 * nothing is left in a file that we made.
 */
export function envWith(text: string, workspace: Workspace, sample: boolean): string | undefined {
  const { dir, env, composeFiles, declaration, stackFile } = workspace;
  const stated = statedWithOurs(dir, env, stackFile);
  const port = serverKind(declaration) === "bundled" ? String(declaration.server.port) : undefined;
  if (stackFile !== STACK_FILE) {
    if (stated === undefined) return text;
    const without = withoutDiscovery(text, workspace, port);
    return parseEnv(without ?? "").COMPOSE_FILE === undefined ? without : setVariable(text, "COMPOSE_FILE", stated);
  }
  const lines = defined({
    COMPOSE_PATH_SEPARATOR: env.COMPOSE_PATH_SEPARATOR === undefined ? SEPARATOR : undefined,
    COMPOSE_FILE: stated ?? composeFiles.join(separatorIn(env)),
    GLITCHTIP_PORT: env.GLITCHTIP_PORT ? undefined : port,
    APP_PORT: sample && !env.APP_PORT ? samplePort(workspace) : undefined,
  });
  return withLines(text, env, lines);
}

/** Returns the text without COMPOSE_FILE and ports of ours; where other files are listed, as it is. */
function withoutDiscovery(text: string, workspace: Workspace, port: string | undefined): string | undefined {
  const { dir, env } = workspace;
  const isListed = listsOurs(dir, env);
  const composeFile = isListed ? statedWithoutOurs(dir, env) : env.COMPOSE_FILE;
  if (composeFile !== undefined) return text;
  const values = defined({ GLITCHTIP_PORT: port, APP_PORT: samplePort(workspace) });
  return envWithoutOurs(dir, text, { composeFile, values, isListed, keepsChanged: true });
}

/** Sets the variables; the lines that are added stand under our mark. */
function withLines(text: string, env: Workspace["env"], lines: Readonly<Record<string, string>>): string {
  const wanted = Object.entries(lines);
  const set = (edited: string, [name, value]: readonly [string, string]) => setVariable(edited, name, value);
  const edited = wanted.filter(([name]) => env[name] !== undefined).reduce(set, text);
  const added = wanted.filter(([name]) => env[name] === undefined);
  if (added.length === 0) return edited;
  const eol = edited.includes("\r\n") ? "\r\n" : "\n";
  const start = edited === "" || edited.endsWith("\n") ? edited : `${edited}${eol}`;
  return added.reduce(set, `${start}${MARK}${eol}`);
}
