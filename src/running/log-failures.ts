import type { LogLine } from "./logs.ts";

const FAILURES: readonly RegExp[] = [
  // Python's logging, Postgres, supervisors.
  /(?:^|[\s[\]:|"=])(?:ERROR|CRITICAL|FATAL|PANIC|EMERG)(?=$|[\s[\]:,"])/,
  // Caddy and other writers of JSON or logfmt.
  /\blevel"?[=:]\s*"?(?:error|critical|fatal|panic)\b/i,
  /^Traceback \(most recent call last\)/,
  /(?:^|[\s.])[A-Z]\w*(?:Error|Exception)(?::|$)/,
  /^(?:error|fatal)\b/i,
  // Access logs.
  /" 5\d\d(?: |$)/,
];

/** Postgres says the rest of an error on lines of their own. */
const MORE = /\b(?:DETAIL|HINT|STATEMENT|CONTEXT|QUERY): /;

/** True for a line that tells of a failure and for those that belong to it. Remembers the last line of each container. */
export function errorFilter(): (line: Pick<LogLine, "container" | "text">) => boolean {
  const open = new Map<string, "traceback" | "failure">();
  return ({ container, text }) => {
    const state = open.get(container);
    if (/^Traceback \(/.test(text)) {
      open.set(container, "traceback");
      return true;
    }
    if (state !== undefined && (/^\s+\S|^$/.test(text) || MORE.test(text))) return true;
    const fails = FAILURES.some((pattern) => pattern.test(text));
    // A traceback ends with the exception, which may have any name.
    const ends = state === "traceback";
    if (fails) open.set(container, "failure");
    else open.delete(container);
    return fails || ends;
  };
}
