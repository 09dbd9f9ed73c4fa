import { text } from "node:stream/consumers";
import { defined } from "../base/defined.ts";
import { CodedError, EXIT, errorLines } from "../base/errors.ts";
import { removeLeftovers } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/wait.ts";
import { KEY_LABEL } from "../config/defaults.ts";
import { dsnFolder } from "../config/dsn-volumes.ts";
import type { ProvisionDeclaration } from "../config/provision-input.ts";
import { openTransport } from "../glitchtip/transport.ts";
import { openNodeHttp } from "../http/node.ts";
import { publish, publishFailure, publishRotations, retire, takeOver } from "../outputs/dsn-volume.ts";
import { acquireLock } from "../outputs/lock.ts";
import { openStateStore, type StateStore } from "../outputs/state-store.ts";
import {
  executeRotation,
  provisionServer,
  type RotateAnswer,
  readBackEvents,
  readBackRequest,
  rotateRequest,
} from "../provision/index.ts";
import { type Environment, givenToken, readInput, readPassword, workerProof } from "./environment.ts";
import { handleSecrets, setUp, showPassword } from "./setup.ts";

/** What a mode uses of its process. */
export interface Edges {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly stdin: NodeJS.ReadableStream;
  /** Writes one line of the answer to stdout. */
  answer(line: object): void;
  /** Writes a text to stdout as it is. */
  print(text: string): void;
}

/** Does its work and resolves to the exit code. */
export type Mode = (environment: Environment, edges: Edges) => Promise<number>;

/** The mode without an argument: creates what is declared, and publishes the DSNs. */
export const provisionOnce: Mode = async (environment, edges) => {
  await using _lock = await lock(environment, edges);
  const problem = await provisionAlone(environment, openStateStore(environment.stateDir), edges);
  if (problem === undefined) return EXIT.done;
  for (const line of errorLines(problem)) edges.log.info(line);
  return problem.exitCode;
};

/** Reads one request from stdin and writes one answer to stdout. An expected failure is an answer too. */
const rotate: Mode = async (environment, edges) => {
  const { signal, clock, log } = edges;
  try {
    const request = rotateRequest.parse(JSON.parse(await text(edges.stdin)));
    await using _lock = await lock(environment, edges);
    const { declaration } = readInput(environment, log);
    const store = openStateStore(environment.stateDir);
    const provision = async () => {
      const problem = await provisionAlone(environment, store, edges);
      if (problem !== undefined) throw problem;
    };
    const transport = openTransport(openNodeHttp, environment.baseUrls.container);
    const context = { transport, store, clock, signal, log, provision };
    const projects = await executeRotation(context, { declaration, label: KEY_LABEL }, request);
    publishRotations(environment.dsnDir, store, new Date(clock.now()));
    edges.answer({ projects } satisfies RotateAnswer);
    return EXIT.done;
  } catch (error) {
    if (!signal.aborted && error instanceof CodedError) edges.answer({ error: error.toJSON() } satisfies RotateAnswer);
    throw error;
  }
};

const lookForEvents: Mode = async (environment, { stdin, log, answer, ...edges }) => {
  const request = readBackRequest.parse(JSON.parse(await text(stdin)));
  const transport = openTransport(openNodeHttp, environment.baseUrls.container);
  const context = { ...edges, transport, store: openStateStore(environment.stateDir) };
  const { declaration } = readInput(environment, log);
  return (await readBackEvents(context, declaration, request, answer)) ? EXIT.done : EXIT.failed;
};

/** Takes the DSNs of an earlier version over, for apps that start without a server. */
const takeOverDsns: Mode = async (environment, { log }) => {
  takeOver(environment.dsnDir, Object.keys(readInput(environment, log).declaration.apps));
  return EXIT.done;
};

/** The modes by their argument. */
export const MODES: Readonly<Record<string, Mode>> = {
  "read-back": lookForEvents,
  rotate,
  setup: setUp,
  secrets: handleSecrets,
  password: showPassword,
  "take-over": takeOverDsns,
};

function lock({ stateDir, dsnDir, readyWithinMs: deadlineMs }: Environment, edges: Edges): Promise<AsyncDisposable> {
  const { clock, signal, log } = edges;
  return acquireLock(stateDir, { clock, signal, deadlineMs, log }).catch((error: unknown) => {
    // A run that waited in vain leaves the status to the one that holds the lock.
    const isWaiting = signal.aborted || (error instanceof CodedError && error.code === "GC1406");
    if (!isWaiting) saveFailure(dsnDir, error, edges);
    throw error;
  });
}

async function provisionAlone(
  environment: Environment,
  store: StateStore,
  edges: Edges,
): Promise<CodedError | undefined> {
  const { stateDir, dsnDir, baseUrls } = environment;
  const { clock, signal } = edges;
  let made = false;
  const log: Log = {
    ...edges.log,
    info(line) {
      made = true;
      edges.log.info(line);
    },
  };
  try {
    const input = readInput(environment, log);
    const apps = Object.keys(input.declaration.apps);
    for (const folder of [stateDir, dsnDir, ...apps.map((app) => dsnFolder(dsnDir, app))]) removeLeftovers(folder);
    const takenOver = takeOver(dsnDir, apps);
    const transport = openTransport(openNodeHttp, baseUrls.container);
    const password = () => readPassword(environment);
    const given = { ...workerProof(environment), ...givenToken(environment) };
    const context = { ...environment, transport, store, clock, signal, log, password, ...given };
    const result = await provisionServer(context, {
      ...input,
      baseUrls,
      label: KEY_LABEL,
      ...defined({ tokenLabel: environment.tokenLabel }),
    });
    const written = publish(dsnDir, result.envFiles, result.status, new Date(clock.now()));
    retire(dsnDir, Object.keys(result.envFiles), takenOver);
    if (written) for (const line of writtenLines(Object.keys(result.envFiles), input.declaration)) edges.log.info(line);
    else edges.log.info(made ? "every DSN stays as it is" : "nothing to change");
    if (Object.keys(input.declaration.projects).length === 0) {
      edges.log.info("no project is declared, so no event was sent");
    }
    return result.problem;
  } catch (error) {
    saveFailure(dsnDir, signal.aborted ? signal.reason : error, edges);
    throw error;
  }
}

/** Says whose DSN is where: what a program outside of Compose reads is a file that only the command line can write. */
export function writtenLines(names: readonly string[], { apps }: Pick<ProvisionDeclaration, "apps">): string[] {
  const hosts = names.filter((name) => apps[name]?.host);
  const others = names.filter((name) => !hosts.includes(name));
  return [
    ...(others.length > 0 || hosts.length === 0 ? [`wrote the DSN of ${others.join(", ") || "no app"}`] : []),
    ...(hosts.length > 0
      ? [`created the DSN of ${hosts.join(", ")}; npx glitchtip-compose up writes it into the dotenv file`]
      : []),
  ];
}

/** The last good DSNs stay. When the status cannot be written either, the exit code and the log have to do. */
function saveFailure(dsnDir: string, reason: unknown, { clock, log }: Edges): void {
  const code = reason instanceof CodedError ? reason.code : "GC1901";
  const message = reason instanceof Error ? reason.message : String(reason);
  try {
    publishFailure(dsnDir, { code, message }, new Date(clock.now()));
  } catch (cause) {
    for (const line of errorLines(cause)) log.info(line);
  }
}
