import * as z from "zod/mini";
import { CodedError, EXIT, errorLines } from "../base/errors.ts";
import { lineLog } from "../base/log.ts";
import { systemClock as clock } from "../base/wait.ts";
import { readEnvironment } from "./environment.ts";
import { MODES, provisionOnce } from "./modes.ts";

/** The entry of the container: provisions once, looks for events (`read-back`), or executes a rotation (`rotate`). */
// Each schema parses once or twice: compiling it would cost more than it saves.
z.config({ jitless: true });
const log = lineLog((line) => process.stderr.write(line));
const stop = new AbortController();
const { signal } = stop;
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => stop.abort(new CodedError("GC1003", `stopped by ${name}`)));
}
const print = (text: string) => void process.stdout.write(`${text}\n`);
const answer = (line: object) => print(JSON.stringify(line));
try {
  const mode = MODES[process.argv[2] ?? ""] ?? provisionOnce;
  process.exitCode = await mode(readEnvironment(process.env), {
    clock,
    signal,
    log,
    stdin: process.stdin,
    answer,
    print,
  });
} catch (thrown) {
  const error: unknown = signal.aborted ? signal.reason : thrown;
  for (const line of errorLines(error)) log.info(line);
  process.exitCode = error instanceof CodedError ? error.exitCode : EXIT.failed;
}
