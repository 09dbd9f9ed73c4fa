import { realpathSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { isContainedPath } from "../base/contained-path.ts";
import { CodedError } from "../base/errors.ts";
import { explainWriteError, readIfThere, writeOne } from "../base/files.ts";
import { Secret } from "../base/secret.ts";
import { readUserText, writeUserFile } from "../base/user-file.ts";
import { hostApps } from "../config/app-sources.ts";
import { dotenvPathProblem, looksLikeDotenv } from "../config/dotenv-path.ts";
import type { AppDeclaration, Declaration } from "../config/schema.ts";
import { dotenvBlockValue, withDotenvBlock, withoutDotenvBlock } from "../outputs/dotenv-block.ts";
import { composeEnvFile, renderEnvFile } from "../outputs/env-file.ts";
import { sdkVariables } from "../stack/app-overlay.ts";
import { PROVISIONER } from "../stack/service-names.ts";
import { containerOf, type RunningStack } from "./observe.ts";
import { readDsnFile } from "./state.ts";

// A program outside of Compose reads its DSN from a dotenv file of the user's: `apps: {dev: {host: true, dotenv: …}}`.

/** Which app has its lines in which file, so that they are found when the declaration does not name it any more. */
const RECORD_FILE = ".glitchtip/state/dotenv-files.json";

/** A dotenv file with other lines of ours than it should have. */
export interface DotenvEdit {
  /** As it is declared, relative to the workspace. */
  readonly path: string;
  /** Undefined where there is no such file. */
  readonly before: string | undefined;
  /** Undefined where nothing is left of a file that held our lines alone. */
  readonly after: string | undefined;
}

/**
 * Returns the dotenv files that have to change. `envFiles` holds the file of each app as the provisioner writes it; lines
 * of apps without one stay as they are, and those of apps that are not declared any more are taken out.
 */
export function dotenvEdits(
  dir: string,
  declaration: Pick<Declaration, "apps">,
  envFiles: Readonly<Record<string, string>> = {},
): DotenvEdit[] {
  const wanted = hostApps(declaration);
  const former = Object.entries(recorded(dir)).filter(([app, path]) => wanted[app]?.dotenv !== path);
  const declared = Object.entries(wanted);
  const paths = new Set([...former.map(([, path]) => path), ...declared.map(([, { dotenv }]) => dotenv)]);
  return [...paths].flatMap((path) => {
    const before = readUserText(join(dir, path));
    const without = former
      .filter(([, one]) => one === path)
      .reduce((text, [app]) => withoutDotenvBlock(text, app), before ?? "");
    const after = declared
      .filter(([, { dotenv }]) => dotenv === path)
      .reduce((text, [app, one]) => withLinesOf(text, app, one, envFiles[app]), without);
    if (after === (before ?? "")) return [];
    return [{ path, before, after: after === "" ? undefined : after }];
  });
}

function withLinesOf(text: string, app: string, declared: AppDeclaration, envFile: string | undefined): string {
  if (!envFile) return text;
  return withDotenvBlock(text, app, composeEnvFile(envFile + renderEnvFile(sdkVariables(declared))));
}

/** Writes the files, and notes whose lines are where. Returns their paths. Throws GC1501 where one is no dotenv file. */
export function writeDotenvFiles(
  dir: string,
  declaration: Pick<Declaration, "apps">,
  edits: readonly DotenvEdit[],
): string[] {
  if (edits.length === 0) return [];
  const files = Object.entries(hostApps(declaration)).map(([app, { dotenv }]) => [app, dotenv] as const);
  refuseOtherFiles(dir, edits, new Set(files.map(([, path]) => path)));
  // Before the files: lines that nobody has noted would stay for ever.
  writeOne(join(dir, RECORD_FILE), `${JSON.stringify({ ...recorded(dir), ...Object.fromEntries(files) })}\n`, 0o600);
  for (const { path, after } of edits) {
    if (after === undefined) removeFile(join(dir, path));
    else writeUserFile(join(dir, path), after);
  }
  writeOne(join(dir, RECORD_FILE), `${JSON.stringify(Object.fromEntries(files))}\n`, 0o600);
  return edits.map(({ path }) => path);
}

/** Files that are not declared lose lines of ours at most. */
function refuseOtherFiles(dir: string, edits: readonly DotenvEdit[], declared: ReadonlySet<string>): void {
  const problems = edits
    .filter(({ path }) => declared.has(path))
    .flatMap(({ path, before }) => {
      const isOther =
        before !== undefined && !looksLikeDotenv(before) ? "has no line of the form NAME=value" : undefined;
      const problem = dotenvPathProblem(behindLinks(dir, path)) ?? isOther;
      return problem === undefined ? [] : [`${path} ${problem}`];
    });
  if (problems.length === 0) return;
  throw new CodedError("GC1501", "the DSN is not written into a file that is no dotenv file", {
    problems,
    remedy: "Name another file as dotenv in glitchtip.yaml, then: npx glitchtip-compose up",
  });
}

/** Returns a path below the folder without the links in it; of a file that is not there, the path as it is. */
function behindLinks(dir: string, path: string): string {
  try {
    return relative(realpathSync(dir), realpathSync(join(dir, path))).replaceAll("\\", "/");
  } catch {
    return path;
  }
}

function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

function recorded(dir: string): Readonly<Record<string, string>> {
  try {
    const files = Object.entries(JSON.parse(readIfThere(join(dir, RECORD_FILE)) ?? "{}"));
    // A repository may bring the record along.
    return Object.fromEntries(files.filter((entry): entry is [string, string] => isContainedPath(String(entry[1]))));
  } catch {
    return {};
  }
}

/** Brings the dotenv files up to date with what the provisioner wrote into its volume. Returns the paths of those that changed. */
export async function followProvisioner(
  dir: string,
  declaration: Pick<Declaration, "apps">,
  stack: RunningStack,
): Promise<string[]> {
  return writeDotenvFiles(dir, declaration, await outdatedDotenvFiles(dir, declaration, stack));
}

/** Returns the dotenv files that lack what the provisioner wrote into its volume. */
export async function outdatedDotenvFiles(
  dir: string,
  declaration: Pick<Declaration, "apps">,
  stack: RunningStack,
): Promise<DotenvEdit[]> {
  const apps = Object.keys(hostApps(declaration));
  const provisioner = containerOf(stack, PROVISIONER);
  if (apps.length === 0 || provisioner === undefined) return dotenvEdits(dir, declaration);
  const read = async (app: string) => [app, await readDsnFile(stack, app)];
  return dotenvEdits(dir, declaration, Object.fromEntries(await Promise.all(apps.map(read))));
}

/** Returns the DSN that a program of the host finds in its dotenv file. Throws GC1605 where it has none. */
export function dotenvDsn(dir: string, declaration: Pick<Declaration, "apps">, app: string, variable: string): Secret {
  const path = hostApps(declaration)[app]?.dotenv ?? "";
  const value = dotenvBlockValue(readUserText(join(dir, path)) ?? "", app, variable);
  if (value !== undefined) return new Secret(value);
  throw new CodedError("GC1605", `app ${app} has no DSN yet: ${path} has no ${variable} of ours`, {
    remedy: "npx glitchtip-compose up",
  });
}
