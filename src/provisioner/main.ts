import { text } from "node:stream/consumers";
import * as z from "zod/mini";
import { CodedError, EXIT } from "../base/errors.ts";
import { removeLeftovers } from "../base/files.ts";
import { lineLog } from "../base/log.ts";
import { systemClock as clock } from "../base/wait.ts";
import { openNodeTransport } from "../glitchtip/transport-node.ts";
import { provision } from "../operations/provision/index.ts";
import { readBackEvents, readBackRequest } from "../operations/provision/read-back.ts";
import { publish, publishFailure } from "../outputs/dsn-volume.ts";
import { acquireLock } from "../outputs/lock.ts";
import { openStateStore } from "../outputs/state-store.ts";
import { type Environment, readEnvironment, readInput, readPassword } from "./environment.ts";

/** The container's entry: provisions once, or looks for events (`read-back`). */
// Each shape is read once or twice: compiling a parser for it costs more than it saves.
z.config({ jitless: true });
const log = lineLog((line) => process.stderr.write(line));
const stop = new AbortController();
const { signal } = stop;
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => stop.abort(new CodedError("GC1003", `stopped by ${name}`)));
}
try {
  const environment = readEnvironment(process.env);
  process.exitCode = await (process.argv[2] === "read-back" ? lookForEvents(environment) : provisionOnce(environment));
} catch (error) {
  process.exitCode = report(signal.aborted ? signal.reason : error);
}

async function provisionOnce(environment: Environment): Promise<number> {
  const { stateDir, dsnDir, readyWithinMs: deadlineMs } = environment;
  await using _lock = await acquireLock(stateDir, { clock, signal, deadlineMs, log }).catch((error: unknown) => {
    // Who waits in vain leaves the status to the one at work.
    const isWaiting = signal.aborted || (error instanceof CodedError && error.code === "GC1406");
    if (!isWaiting) saveFailure(dsnDir, error);
    throw error;
  });
  try {
    return await provisionAlone(environment);
  } catch (error) {
    saveFailure(dsnDir, signal.aborted ? signal.reason : error);
    throw error;
  }
}

async function provisionAlone(environment: Environment): Promise<number> {
  const { stateDir, dsnDir, baseUrls } = environment;
  const input = readInput(environment, log);
  for (const folder of [stateDir, dsnDir]) removeLeftovers(folder);
  const transport = openNodeTransport(baseUrls.container);
  const store = openStateStore(stateDir);
  const password = () => readPassword(environment);
  const context = { ...environment, transport, store, clock, signal, log, password };
  const result = await provision(context, { ...input, baseUrls, label: "glitchtip-compose" });
  const written = publish(dsnDir, result.envFiles, result.status, new Date(clock.now()));
  log.info(written ? `wrote the DSN of ${Object.keys(result.envFiles).join(", ") || "no app"}` : "nothing to change");
  return result.problem === undefined ? EXIT.done : report(result.problem);
}

async function lookForEvents(environment: Environment): Promise<number> {
  const request = readBackRequest.parse(JSON.parse(await text(process.stdin)));
  const transport = openNodeTransport(environment.baseUrls.container);
  const context = { transport, store: openStateStore(environment.stateDir), clock, signal };
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
function saveFailure(dsnDir: string, reason: unknown): void {
  const code = reason instanceof CodedError ? reason.code : "GC1901";
  const message = reason instanceof Error ? reason.message : String(reason);
  try {
    publishFailure(dsnDir, { code, message }, new Date(clock.now()));
  } catch (cause) {
    report(cause);
  }
}
