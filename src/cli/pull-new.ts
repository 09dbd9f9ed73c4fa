import { dirname, isAbsolute, relative } from "node:path";
import type { Command } from "commander";
import { CodedError } from "../base/errors.ts";
import { httpUrl } from "../config/schema/primitives.ts";
import type { NewFileOptions } from "../management/index.ts";
import { parseReference, REFERENCE_FORMS } from "../references/reference.ts";

export interface NewFileFlags {
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly organization: readonly string[];
  readonly instance?: string;
  readonly file: string;
}

/** Of a server that nobody has declared. */
export const newFileFlags = (command: Command): Command =>
  command
    .option("--url <url>", "a server that is not declared yet: makes a new declaration of all that it holds")
    .option("--token <reference>", `with --url: ${REFERENCE_FORMS} of an API token for it`)
    .option("--token-file <path>", "the file that it stands in, instead of --token")
    .option("--ca-file <path>", "with --url: the authority that signed its certificate (PEM)")
    .option(
      "--organization <name>",
      "with --url: only this one, by name or slug; may be repeated",
      (name: string, before: string[]) => [...before, name],
      [],
    );

/** Which server is meant; undefined where it is declared. A secret itself is refused without being shown. */
export function newServer(flags: NewFileFlags): Pick<NewFileOptions, "server" | "organizations"> | undefined {
  const { url, tokenFile, caFile, organization: organizations } = flags;
  // A reference in a declaration starts from its folder, a path in a shell from where one is.
  const fromFile = (path: string | undefined) =>
    path === undefined || isAbsolute(path) ? path : relative(dirname(flags.file), path) || ".";
  const [tokenPath, ca] = [fromFile(tokenFile), fromFile(caFile)];
  const token = flags.token ?? (tokenPath === undefined ? undefined : `file:${tokenPath}`);
  const problems: string[] = [];
  if (flags.token !== undefined && tokenFile !== undefined)
    problems.push("--token and --token-file say the same twice");
  if (token !== undefined && parseReference(token) === undefined) problems.push(`--token: ${REFERENCE_FORMS}`);
  if (url === undefined) {
    const given = { token: flags.token, "token-file": tokenFile, "ca-file": caFile, organization: organizations[0] };
    for (const [name, value] of Object.entries(given))
      if (value !== undefined) problems.push(`--${name} is for --url; what is declared says its own`);
  } else {
    const { error } = httpUrl.safeParse(url);
    if (error !== undefined)
      problems.push(`--url ${url.replace(/\/\/[^/]*@/, "//…@")}: ${error.issues[0]?.message ?? ""}`);
    if (token === undefined) problems.push("how to sign in: --token env:NAME or --token-file PATH");
    if (flags.instance !== undefined) problems.push("--instance is for what is declared already");
  }
  if (problems.length > 0) throw new CodedError("GC1001", "flags that cannot be used:", { problems });
  if (url === undefined || token === undefined) return undefined;
  return { server: { url, token, ...(ca === undefined ? {} : { ca: `file:${ca}` }) }, organizations };
}
