import { CodedError } from "../base/errors.ts";

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Names that a shell sets or refuses to set, or that `with-dsn` uses. Only `env` hands them to the app unchanged. */
const SHELLS_OWN =
  /^(_|_gtc_.*|BASH.*|COMP_WORDBREAKS|DIRSTACK|EPOCH.*|EUID|FUNCNAME|GROUPS|IFS|LINENO|OLDPWD|OPT(ARG|ERR|IND)|PIPESTATUS|PPID|PS[124]|PWD|S?RANDOM|SECONDS|SHELLOPTS|SHLVL|UID)$/;

/** Returns a word that every POSIX shell reads back byte by byte. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Returns the file that `with-dsn` sources: a statement for each variable, sorted by name, so that equal variables give
 * equal bytes.
 *
 *     export SENTRY_DSN='http://…'                  the shell can hold the name
 *     set -- 'spring.sentry.dsn=http://…' "$@"      it cannot: in front of the app's command, which `with-dsn` then starts by env
 */
export function renderEnvFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => statement(name, value))
    .join("");
}

function statement(name: string, value: string): string {
  if (name === "" || /[=\0]/.test(name)) {
    throw new CodedError("GC1101", `${JSON.stringify(name)} cannot be the name of an environment variable`, {
      remedy: "Use a name with at least one character, and neither = nor NUL.",
    });
  }
  if (value.includes("\0")) {
    throw new CodedError("GC1101", `the value of ${JSON.stringify(name)} holds a NUL byte, which no environment can`, {
      remedy: "Leave the NUL byte out.",
    });
  }
  return IDENTIFIER.test(name) && !SHELLS_OWN.test(name)
    ? `export ${name}=${quote(value)}\n`
    : `set -- ${quote(`${name}=${value}`)} "$@"\n`;
}

/** Returns the same DSNs for Compose's `env_file`, where single quotes keep everything but themselves. */
export function composeEnvFile(text: string): string {
  const lines = text.split("\n").map((line) => /^(?:export |set -- ')([^=]+)='?(.*?)'(?: "\$@")?$/.exec(line));
  return lines
    .flatMap((found) => (found === null ? [] : [`${found[1]}='${found[2]?.replaceAll("'\\''", "%27")}'\n`]))
    .join("");
}
