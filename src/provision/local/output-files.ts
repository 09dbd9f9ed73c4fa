import { join, relative, resolve } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { type FileToWrite, readIfThere } from "../../base/files.ts";
import { dotenvPathProblem, looksLikeDotenv } from "../../config/dotenv-path.ts";
import type { Declaration } from "../../config/schema.ts";
import { composeEnvFile } from "../../outputs/env-file.ts";
import { ENV_FOLDER } from "../../stack/managed-files.ts";

export interface OutputOptions {
  /** A folder for a file APP.env of each app, which a shell can source. */
  readonly out?: string | undefined;
  /** The path of one file with NAME='value' lines. */
  readonly dotenv?: string | undefined;
  /** The apps whose DSNs are written; an empty list means all. */
  readonly apps: readonly string[];
}

/**
 * Returns the files that have to be written because they differ. `shown` is the path for people. Throws GC1001 where
 * `dotenv` names a file of another kind, which would be overwritten.
 */
export function outputFiles(
  dir: string,
  { apps: declared }: Pick<Declaration, "apps">,
  envFiles: Readonly<Record<string, string>>,
  { out, dotenv, apps }: OutputOptions,
): (FileToWrite & { readonly shown: string })[] {
  if (dotenv !== undefined) refuseOtherFile(dir, dotenv);
  const chosen = Object.entries(envFiles).filter(([app]) => apps.length === 0 || apps.includes(app));
  const wanted = [
    ...chosen
      .filter(([app]) => declared[app]?.inject === "env-file")
      .map(([app, text]) => ({ shown: `${ENV_FOLDER}/${app}.env`, content: composeEnvFile(text), mode: 0o600 })),
    ...(out === undefined
      ? []
      : chosen.map(([app, content]) => ({ shown: join(out, `${app}.env`), content, mode: 0o444 }))),
    ...(dotenv === undefined ? [] : [{ shown: dotenv, content: joinEnvFiles(chosen), mode: 0o600 }]),
  ];
  return wanted
    .map((file) => ({ ...file, path: resolve(dir, file.shown) }))
    .filter(({ path, content }) => readIfThere(path) !== content);
}

function refuseOtherFile(dir: string, shown: string): void {
  const path = resolve(dir, shown);
  const isOther = looksLikeDotenv(readIfThere(path) ?? "") ? undefined : "has no line of the form NAME=value";
  const problem = dotenvPathProblem(relative(dir, path).replaceAll("\\", "/")) ?? isOther;
  if (problem === undefined) return;
  throw new CodedError("GC1001", `--dotenv ${shown} would overwrite a file that is no dotenv file`, {
    problems: [`${shown} ${problem}`],
    remedy: "Name another file.",
  });
}

/** Joins all lines into one file. Throws GC1001 when a variable would have two values. */
function joinEnvFiles(envFiles: readonly (readonly [string, string])[]): string {
  const by = new Map<string, { app: string; line: string }>();
  const problems: string[] = [];
  for (const [app, text] of envFiles) {
    for (const line of composeEnvFile(text).split("\n").slice(0, -1)) {
      const name = line.slice(0, line.indexOf("="));
      const other = by.get(name);
      if (other !== undefined && other.line !== line) problems.push(`${name}: from ${other.app} and from ${app}`);
      by.set(name, other ?? { app, line });
    }
  }
  if (problems.length === 0) return [...by.values()].map(({ line }) => `${line}\n`).join("");
  throw new CodedError("GC1001", "apps have different DSNs under the same name, which one file cannot hold:", {
    problems,
    remedy:
      "Name the apps that the file is for: provision APP --dotenv PATH. Or use --out FOLDER, which writes one file for each app.",
  });
}
