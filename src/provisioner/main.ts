import { text } from "node:stream/consumers";
import * as z from "zod/mini";
import { CodedError, EXIT } from "../base/errors.ts";
import { removeLeftovers } from "../base/files.ts";
import { lineLog } from "../base/log.ts";
import { systemClock as clock } from "../base/wait.ts";
import { openNodeTransport } from "../glitchtip/transport-node.ts";
import { provision } from "../operations/provision/index.ts";
import { readBackEvents, readBackRequest } from "../operations/provision/read-back.ts";
import { type RotateAnswer, rotateKeys, rotateRequest } from "../operations/provision/rotate.ts";
import { publish, publishFailure } from "../outputs/dsn-volume.ts";
import { acquireLock } from "../outputs/lock.ts";
import { openStateStore, type StateStore } from "../outputs/state-store.ts";
import { type Environment, givenToken, readEnvironment, readInput, readPassword } from "./environment.ts";

/** The container's entry: provisions once, looks for events (`read-back`), or does its part of a rotation (`rotate`). */
// Each shape is read once or twice: compiling a parser for it costs more than it saves.
z.config({ jitless: true });
/** Of our API token and of keys we make. */
const LABEL = "glitchtip-compose";
const log = lineLog((line) => process.stderr.write(line));
const stop = new AbortController();
const { signal } = stop;
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => stop.abort(new CodedError("GC1003", `stopped by ${name}`)));
}
try {
  const environment = readEnvironment(process.env);
  const modes = { "read-back": lookForEvents, rotate };
  const mode = Object.entries(modes).find(([name]) => name === process.argv[2])?.[1] ?? provisionOnce;
  process.exitCode = await mode(environment);
} catch (error) {
  process.exitCode = report(signal.aborted ? signal.reason : error);
}

async function provisionOnce(environment: Environment): Promise<number> {
  await using _lock = await lock(environment);
  const problem = await provisionAlone(environment, openStateStore(environment.stateDir));
  return problem === undefined ? EXIT.done : report(problem);
}

function lock({ stateDir, dsnDir, readyWithinMs: deadlineMs }: Environment): Promise<AsyncDisposable> {
  return acquireLock(stateDir, { clock, signal, deadlineMs, log }).catch((error: unknown) => {
    // Who waits in vain leaves the status to the one at work.
    const isWaiting = signal.aborted || (error instanceof CodedError && error.code === "GC1406");
    if (!isWaiting) saveFailure(dsnDir, error);
    throw error;
  });
}

async function provisionAlone(environment: Environment, store: StateStore): Promise<CodedError | undefined> {
  const { stateDir, dsnDir, baseUrls } = environment;
  try {
    const input = readInput(environment, log);
    for (const folder of [stateDir, dsnDir]) removeLeftovers(folder);
    const transport = openNodeTransport(baseUrls.container);
    const password = () => readPassword(environment);
    const context = { ...environment, transport, store, clock, signal, log, password, ...givenToken(environment) };
    const result = await provision(context, { ...input, baseUrls, label: LABEL });
    const written = publish(dsnDir, result.envFiles, result.status, new Date(clock.now()));
    log.info(written ? `wrote the DSN of ${Object.keys(result.envFiles).join(", ") || "no app"}` : "nothing to change");
    return result.problem;
  } catch (error) {
    saveFailure(dsnDir, signal.aborted ? signal.reason : error);
    throw error;
  }
}

/** One request on stdin, one answer on stdout; an expected failure is an answer too. */
async function rotate(environment: Environment): Promise<number> {
  const answer = (line: RotateAnswer) => process.stdout.write(`${JSON.stringify(line)}\n`);
  try {
    const request = rotateRequest.parse(JSON.parse(await text(process.stdin)));
    await using _lock = await lock(environment);
    const { declaration } = readInput(environment, log);
    const store = openStateStore(environment.stateDir);
    const runProvision = async () => {
      const problem = await provisionAlone(environment, store);
      if (problem !== undefined) throw problem;
    };
    const transport = openNodeTransport(environment.baseUrls.container);
    const context = { transport, store, clock, signal, log, provision: runProvision };
    answer({ projects: await rotateKeys(context, { declaration, label: LABEL }, request) });
    return EXIT.done;
  } catch (error) {
    if (!signal.aborted && error instanceof CodedError) answer({ error: error.toJSON() });
    throw error;
  }
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
