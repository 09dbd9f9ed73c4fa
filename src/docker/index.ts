import { type Run, runProcess } from "../base/process.ts";
import { type DockerCli, openDockerCli } from "./cli.ts";
import { type Compose, openCompose } from "./compose.ts";
import { openEngine } from "./dockerode.ts";
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

export function openDocker({ dir, env, signal, run = runProcess }: DockerOptions): Docker {
  let found: Promise<LocatedEngine> | undefined;
  const located = () => {
    found ??= locateEngine({ env, run, signal, open: openEngine });
    return found;
  };
  const cli: DockerCli = async (args, options) => {
    // Without an engine docker still reads files and reports its version; it must not wait for one that is silent.
    const engine = await located().catch(() => undefined);
    signal.throwIfAborted();
    const withDeadline = engine === undefined ? { deadlineMs: WITHOUT_ENGINE_WITHIN_MS, ...options } : options;
    return openDockerCli({ dir, env: { ...env, ...engine?.env }, signal, run })(args, withDeadline);
  };
  const remove = async (container: string) => (await located()).engine.remove(container);
  const compose = openCompose(cli, remove);
  return { located, cli, compose: { ...compose, config: cachedModel(dir, compose.config) } };
}
