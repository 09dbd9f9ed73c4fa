import { join, resolve } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { type FileToWrite, readIfThere } from "../../base/files.ts";
import type { Declaration } from "../../config/schema.ts";
import { composeEnvFile } from "../../outputs/env-file.ts";
import { ENV_FOLDER } from "../../stack/apps.ts";

export interface Outputs {
  /** A folder that gets a file APP.env for each app, to be sourced by a shell. */
  readonly out?: string | undefined;
  /** One file of NAME='value' lines. */
  readonly dotenv?: string | undefined;
  /** Whose DSNs; default: all. */
  readonly apps: readonly string[];
}

/** The files that differ from what they should be; paths as a person is told. */
export function filesToWrite(
  dir: string,
  { apps: declared }: Pick<Declaration, "apps">,
  envFiles: Readonly<Record<string, string>>,
  { out, dotenv, apps }: Outputs,
): (FileToWrite & { readonly shown: string })[] {
  const chosen = Object.entries(envFiles).filter(([app]) => apps.length === 0 || apps.includes(app));
  const wanted = [
    ...chosen
      .filter(([app]) => declared[app]?.inject === "env-file")
      .map(([app, text]) => ({ shown: `${ENV_FOLDER}/${app}.env`, content: composeEnvFile(text), mode: 0o600 })),
    ...(out === undefined
      ? []
      : chosen.map(([app, content]) => ({ shown: join(out, `${app}.env`), content, mode: 0o444 }))),
    ...(dotenv === undefined ? [] : [{ shown: dotenv, content: together(chosen), mode: 0o600 }]),
  ];
  return wanted
    .map((file) => ({ ...file, path: resolve(dir, file.shown) }))
    .filter(({ path, content }) => readIfThere(path) !== content);
}

/** All lines of one file: a name can have one value there. */
function together(envFiles: readonly (readonly [string, string])[]): string {
  const by = new Map<string, { app: string; line: string }>();
  const problems: string[] = [];
  for (const [app, text] of envFiles) {
    for (const line of composeEnvFile(text).split("\n").slice(0, -1)) {
      const name = line.slice(0, line.indexOf("="));
      const other = by.get(name);
      if (other !== undefined && other.line !== line) problems.push(`${name}: of ${other.app} and of ${app}`);
      by.set(name, other ?? { app, line });
    }
  }
  if (problems.length === 0) return [...by.values()].map(({ line }) => `${line}\n`).join("");
  throw new CodedError("GC1001", "apps have different DSNs under the same name, which one file cannot hold:", {
    problems,
    remedy: "Name the apps that it is for: provision APP --dotenv PATH; or take --out FOLDER, a file for each.",
  });
}
