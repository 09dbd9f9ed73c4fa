import { isIP } from "node:net";
import { resolve } from "node:path";
import { setFlagsFromString } from "node:v8";
import pino from "pino";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { Secret } from "../base/secret.ts";
import { type Clock, untilAborted } from "../base/wait.ts";
import { parseReference } from "../references/reference.ts";
import { openReferences, type References } from "../references/resolver.ts";
import { openHttpServer } from "./api/server.ts";
import { openAuth } from "./auth.ts";
import { openCache } from "./cache.ts";
import { checkAll } from "./check-all.ts";
import { readAllowedTargets } from "./compat.ts";
import { checkQueueAddress, openQueueEngine, QUEUE_NAMES } from "./engine.ts";
import { openMetrics } from "./metrics.ts";
import { afterRun } from "./outcome.ts";
import { openRegistry } from "./registry.ts";
import { serversOfRun } from "./run-servers.ts";
import { openRunStore } from "./run-store.ts";
import { sealWith } from "./seal.ts";
import { openServerStates } from "./server-states.ts";
import type { ServeSettings } from "./settings.ts";
import { openWaiters } from "./waiters.ts";
import { watch } from "./watch.ts";
import { startWorkers } from "./worker.ts";

export interface ServeContext {
  /** The folder that paths are relative to. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Aborted where the service is to stop. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** Gets one line of JSON for each entry of the log. */
  writeLog(line: string): void;
}

/** What runs at the signal to stop is finished within this time, or handed back. */
const GRACE_MS = 20_000;
const AWAY_MS = 2_000;

/** Runs the service until its signal is aborted. Throws where it cannot start. */
export async function serve(context: ServeContext, settings: ServeSettings): Promise<void> {
  // V8 counts the bytes of bodies as heap, and would collect all of it after each fifth body of 1 MB (docs/speed.md).
  if (settings.api) setFlagsFromString("--heap-growing-percent=200");
  const { dir, env, clock, signal } = context;
  const logger = pino({ base: { service: "glitchtip-compose" } }, { write: context.writeLog });
  const log: Log = {
    info: (text) => logger.info(text),
    warn: (text) => logger.warn(text),
    step: (text) => logger.debug(text),
    debug: (text) => logger.debug(text),
  };
  await using references = closing(openReferences({ dir, env, clock, signal, say: log.step }));
  const registry = openRegistry(dir, settings, log);
  const checked = await checkAll({
    tokens: () => tokensOf(context, settings, references),
    address: () => queueAddress(settings.queue, references),
    targets: () => (settings.compat === undefined ? undefined : readAllowedTargets(resolve(dir, settings.compat))),
    servers: () => (needsServers(settings) ? registry.checkServers() : undefined),
  });
  const { targets, address } = checked;
  const { secret, auth } = checked.tokens;
  // Tells at once which files are ignored.
  registry.read();
  const onError = throttledErrors(log, clock);
  await using engine = await openQueueEngine(address, { clock, onError });

  const metrics = openMetrics();
  const runs = openRunStore(engine);
  const states = openServerStates(engine);
  const seal = secret && sealWith(secret);
  const now = clock.now;
  const submitting = { engine, runs, now };
  const roles = rolesOf(settings);
  const health = { engine, metrics, registry, states, roles };

  const streams = settings.api ? QUEUE_NAMES.map((name) => engine.openEvents(name)) : [];
  const api = auth && { ...health, ...submitting, auth, seal, targets, waiters: openWaiters(streams, runs) };
  const app = await openHttpServer({ health, api, version: context.version, logger });
  const cache = openCache(engine, seal, { now, onError, onLookup: (result) => metrics.cache.inc({ result }) });
  const telling = { engine, clock, signal, metrics, sink: settings.events, onError, env, registry, states, log };
  const workers =
    settings.workers > 0
      ? startWorkers(
          {
            engine,
            runs,
            clock,
            log,
            env,
            signal: new AbortController().signal,
            cache,
            onError,
            onRequest: (method) => metrics.calls.inc({ method }),
            serversOf: async (record) => serversOfRun({ dir, registry, runs, seal }, record),
            onEnd: (record) => afterRun(telling, record),
          },
          settings.workers,
        )
      : undefined;
  try {
    const url = await listen(app, settings);
    log.info(`listening on ${url} (${roles.join(", ")})`);
    const watching = settings.watch && watch({ ...submitting, registry, clock, log, signal }, settings.watch);
    await untilAborted(signal);
    await watching;
  } finally {
    log.info("stopping");
    const isAway = await engine.ping().then(
      () => false,
      () => true,
    );
    // Workers cannot say goodbye to an engine that is away; their runs are taken over.
    const longestMs = isAway ? AWAY_MS : GRACE_MS + AWAY_MS;
    const closed = Promise.all([app.close(), workers?.stop(GRACE_MS), ...streams.map((stream) => stream.close())]);
    await Promise.race([closed.catch(onError), clock.sleep(longestMs)]);
  }
}

const closing = (references: References): References & AsyncDisposable => ({
  ...references,
  [Symbol.asyncDispose]: () => references.close(),
});

const rolesOf = ({ api, workers, watch: watching }: ServeSettings): string[] => [
  ...(api ? ["api"] : []),
  ...(workers > 0 ? ["worker"] : []),
  ...(watching === undefined ? [] : ["watch"]),
];

/** Returns the secret and the check of tokens; the latter is undefined in a process without the role of the API. */
async function tokensOf(
  { dir, clock }: ServeContext,
  { api, issuer, audience, jwks, revoked, secret: reference }: ServeSettings,
  references: References,
) {
  const secret = reference === undefined ? undefined : await references.resolve(reference, "--secret");
  if (!api) return { secret, auth: undefined };
  const options = { issuer, audience, ...defined({ secret, jwks, revoked: revoked && resolve(dir, revoked) }) };
  return { secret, auth: openAuth(options, clock.now) };
}

async function queueAddress(queue: string, references: References): Promise<Secret> {
  const address = parseReference(queue) === undefined ? new Secret(queue) : await references.resolve(queue, "--queue");
  checkQueueAddress(address);
  return address;
}

/**
 * Whether the process is useless while no server is registered. Requests may bring servers of their own where --compat
 * allows it, and a process that has only workers cannot know whether they do.
 */
const needsServers = ({ api, watch: watching, compat }: ServeSettings): boolean =>
  compat === undefined && (api || watching !== undefined);

/** An engine that is away is an error of each connection many times a second; it is said once in a while. */
function throttledErrors(log: Log, { now }: Clock): (error: unknown) => void {
  let saidMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (now() - saidMs < 5_000) return;
    saidMs = now();
    log.warn(`queue: ${error instanceof Error ? error.message || error.name : String(error)}`);
  };
}

async function listen(app: Awaited<ReturnType<typeof openHttpServer>>, { host, port }: ServeSettings): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    throw new CodedError("GC1603", `${isIP(host) === 6 ? `[${host}]` : host}:${port} cannot be listened on`, {
      remedy: "Choose another port: --port PORT",
      cause,
    });
  }
}
