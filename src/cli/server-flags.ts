import type { Command } from "commander";
import { CodedError } from "../base/errors.ts";
import type { InitOptions } from "../init/index.ts";
import { parseReference, REFERENCE_FORMS } from "../references/reference.ts";

export interface ServerFlags {
  readonly serverUrl?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly adminPassword?: string;
  readonly containerUrl?: string;
  readonly network?: string;
  readonly caFile?: string;
}

export const withServerFlags = (command: Command): Command =>
  command
    .option("--server-url <url>", "a GlitchTip that is there already; none is started here")
    .option("--token <reference>", `${REFERENCE_FORMS} of an API token for it`)
    .option("--token-file <path>", "the same as --token file:PATH")
    .option("--admin-password <reference>", "instead of a token: of the password of --email")
    .option("--container-url <url>", "where containers reach it, such as http://host.docker.internal:8000")
    .option("--network <name>", "a Docker network to join, where containers reach it there")
    .option("--ca-file <path>", "the authority that signed its certificate (PEM)");

/** What they say together; the schema judges the values. A secret itself is refused without being shown. */
export function serverOptions(flags: ServerFlags, others: InitOptions): Pick<InitOptions, "existing"> {
  const { serverUrl: url, adminPassword: password, containerUrl, network, tokenFile, caFile } = flags;
  const token = flags.token ?? (tokenFile === undefined ? undefined : `file:${tokenFile}`);
  const problems: string[] = [];
  for (const [flag, reference] of Object.entries({ token, "admin-password": password })) {
    if (reference !== undefined && parseReference(reference) === undefined)
      problems.push(`--${flag}: ${REFERENCE_FORMS}`);
  }
  if (flags.token !== undefined && tokenFile !== undefined)
    problems.push("--token and --token-file say the same twice");
  const more = { token, password, containerUrl, network, ca: caFile === undefined ? undefined : `file:${caFile}` };
  const stated = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
  if (url === undefined && Object.keys(stated).length > 0) problems.push("without --server-url these have no server");
  if (url !== undefined) {
    for (const key of ["image", "port", "url", "topology", "valkey", "registration", "production"] as const) {
      if (others[key] !== undefined) problems.push(`--${key} is for a GlitchTip of this stack, not for ${url}`);
    }
    if (token === undefined && password === undefined) {
      problems.push("how to sign in: --token env:NAME, --token-file PATH, or --email and --admin-password env:NAME");
    }
  }
  if (problems.length > 0) throw new CodedError("GC1001", "flags that cannot be used:", { problems });
  return url === undefined ? {} : { existing: { url, ...stated } };
}
