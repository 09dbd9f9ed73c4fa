import { linkSignals } from "../base/abort.ts";
import { CodedError } from "../base/errors.ts";
import { type Run, runProcess } from "../base/process.ts";
import { type DockerCli, openDockerCli } from "./cli.ts";
import { type Compose, openCompose } from "./compose.ts";
import { openEngine } from "./dockerode.ts";
import type { Engine } from "./engine.ts";
import { type LocatedEngine, locateEngine } from "./locate.ts";
import { cachedModel } from "./model-cache.ts";

export { type DockerCli, lastLines } from "./cli.ts";
export type { Compose } from "./compose.ts";
export type { Container, Engine, Health, ImageStart, Memory, PublishedPort, StackMark } from "./engine.ts";
export { missingInCompose, missingInEngine } from "./engine.ts";
export type { LocatedEngine } from "./locate.ts";

/** The API of an engine and the docker program, both for one workspace. */
export interface Docker {
  /** Looks for an engine on the first call; throws GC1601 with every place it looked at. */
  located(): Promise<LocatedEngine>;
  /** The docker program, for the same engine. */
  readonly cli: DockerCli;
  readonly compose: Compose;
}

export interface DockerOptions {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly run?: Run;
}

const WITHOUT_ENGINE_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 15_000;

interface Found {
  readonly env: DockerOptions["env"];
  readonly engine: Promise<LocatedEngine>;
}
const foundFor = new WeakMap<AbortSignal, Found>();

/** Returns the engine of a command, which is known by its signal: it waits once for one that does not answer. */
function locatedFor(signal: AbortSignal, env: DockerOptions["env"], run: Run): Promise<LocatedEngine> {
  const found = foundFor.get(signal);
  if (found?.env === env) return found.engine;
  const engine = locateEngine({ env, run, signal, open: openEngine });
  foundFor.set(signal, { env, engine });
  return engine;
}

/**
 * Executes a call of the docker program that may take any time, and ends it where the engine does not answer another
 * question meanwhile: the program itself would wait for ever. A hanging engine may still answer a ping.
 */
async function whileAnswering<T>(
  { publishedPorts }: Pick<Engine, "publishedPorts">,
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  using linked = linkSignals(signals);
  let asking = false;
  const look = setInterval(() => {
    if (asking) return;
    asking = true;
    publishedPorts()
      // Any other failure is told by the program.
      .catch((error) => error instanceof CodedError && linked.abort(error))
      .finally(() => {
        asking = false;
      });
  }, LOOK_EVERY_MS);
  look.unref();
  try {
    return await work(linked.signal);
  } finally {
    clearInterval(look);
  }
}

export function openDocker({ dir, env, signal, run = runProcess }: DockerOptions): Docker {
  let found: Promise<LocatedEngine> | undefined;
  const located = () => {
    found ??= locatedFor(signal, env, run);
    return found;
  };
  const cli: DockerCli = async (args, options = {}) => {
    // Without an engine docker still reads files and reports its version; it must not wait for one that is silent.
    const found = await located().catch(() => undefined);
    signal.throwIfAborted();
    const call = openDockerCli({ dir, env: { ...env, ...found?.env }, signal, run });
    if (found === undefined) return await call(args, { deadlineMs: WITHOUT_ENGINE_WITHIN_MS, ...options });
    if (options.deadlineMs !== undefined) return await call(args, options);
    return await whileAnswering(found.engine, [signal, options.signal], (watched) =>
      call(args, { ...options, signal: watched }),
    );
  };
  const remove = async (container: string) => (await located()).engine.remove(container);
  const compose = openCompose(cli, remove);
  return { located, cli, compose: { ...compose, config: cachedModel(dir, compose.config) } };
}
