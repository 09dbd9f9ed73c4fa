import { cleanText } from "./clean.ts";

/** Writes for a person, on stderr. Data goes to stdout and never through here. */
export interface Log {
  /** Writes a fact worth a line: what was made, found or decided. */
  info(text: string): void;
  /** Writes what the user should look at; the run goes on. */
  warn(text: string): void;
  /** Writes what is being done or waited for now; a terminal may overwrite it. */
  step(text: string): void;
  /** Writes what is shown only with --debug. */
  debug(text: string): void;
}

/** Returns a log that writes lines, each after a prefix and without control characters. */
export function lineLog(write: (line: string) => void, options: { prefix?: string; debug?: boolean } = {}): Log {
  const { prefix = "", debug = false } = options;
  return {
    info: (text) => write(`${prefix}${cleanText(text)}\n`),
    warn: (text) => write(`${prefix}warning: ${cleanText(text)}\n`),
    step: (text) => write(`${prefix}${cleanText(text)}\n`),
    debug: (text) => debug && write(`${prefix}debug: ${cleanText(text)}\n`),
  };
}

export const silentLog: Log = { info() {}, warn() {}, step() {}, debug() {} };
