import { text } from "node:stream/consumers";
import * as z from "zod/mini";
import { CodedError, EXIT } from "../base/errors.ts";
import { lineLog } from "../base/log.ts";
import { systemClock as clock } from "../base/wait.ts";
import { openNodeTransport } from "../glitchtip/transport-node.ts";
import { provision } from "../operations/provision/index.ts";
import { readBackEvents, readBackRequest } from "../operations/provision/read-back.ts";
import { publish, publishFailure } from "../outputs/dsn-volume.ts";
import { acquireLock } from "../outputs/lock.ts";
import { openStateStore } from "../outputs/state-store.ts";
import { readEnvironment, readInput, readPassword } from "./environment.ts";

/** The container's entry: provisions once, or looks for events (`read-back`). */
// Each shape is read once or twice: compiling a parser for it costs more than it saves.
z.config({ jitless: true });
const log = lineLog((line) => process.stderr.write(line));
const environment = readEnvironment(process.env);
const { stateDir, dsnDir, baseUrls } = environment;
const stop = new AbortController();
const { signal } = stop;
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => stop.abort(new CodedError("GC1003", `stopped by ${name}`)));
}
const readsBack = process.argv[2] === "read-back";
try {
  process.exitCode = await (readsBack ? lookForEvents() : provisionOnce());
} catch (error) {
  const reason: unknown = signal.aborted ? signal.reason : error;
  process.exitCode = report(reason);
  if (!readsBack) saveFailure(reason);
}

async function provisionOnce(): Promise<number> {
  const input = readInput(environment, log);
  const transport = openNodeTransport(baseUrls.container);
  await using _lock = await acquireLock(stateDir, { clock, signal, deadlineMs: environment.readyWithinMs, log });
  const store = openStateStore(stateDir);
  const password = () => readPassword(environment);
  const context = { ...environment, transport, store, clock, signal, log, password };
  const result = await provision(context, { ...input, baseUrls, label: "glitchtip-compose" });
  const written = publish(dsnDir, result.envFiles, result.status, new Date(clock.now()));
  log.info(written ? `wrote the DSN of ${Object.keys(result.envFiles).join(", ") || "no app"}` : "nothing to change");
  return result.problem === undefined ? EXIT.done : report(result.problem);
}

async function lookForEvents(): Promise<number> {
  const request = readBackRequest.parse(JSON.parse(await text(process.stdin)));
  const context = { transport: openNodeTransport(baseUrls.container), store: openStateStore(stateDir), clock, signal };
  const { declaration } = readInput(environment, log);
  const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
  return (await readBackEvents(context, declaration, request, say)) ? EXIT.done : EXIT.failed;
}

function report(error: unknown): number {
  if (!(error instanceof CodedError)) {
    log.info(`error GC1901: ${error instanceof Error ? error.stack : String(error)}`);
    return EXIT.failed;
  }
  log.info(`error ${error.code}: ${error.message}`);
  for (const problem of error.problems) log.info(`  ${problem}`);
  if (error.remedy !== undefined) log.info(`  → ${error.remedy}`);
  return error.exitCode;
}

/** The last good DSNs stay; where even the status cannot be written, the exit code and the log must do. */
function saveFailure(reason: unknown): void {
  const code = reason instanceof CodedError ? reason.code : "GC1901";
  const message = reason instanceof Error ? reason.message : String(reason);
  try {
    publishFailure(dsnDir, { code, message }, new Date(clock.now()));
  } catch (cause) {
    report(cause);
  }
}
