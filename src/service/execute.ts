import { linkSignals } from "../base/abort.ts";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/wait.ts";
import type { Transport } from "../glitchtip/transport.ts";
import {
  applyServers,
  type DeclaredServer,
  lookAt,
  type Outcome,
  openServers,
  plansOf,
  type Report,
  reportOf,
} from "../management/index.ts";
import { openMemoryStore } from "../outputs/server-store.ts";
import type { KnownServer } from "../reconcile/index.ts";
import { type ResponseCache, withCache } from "./cache.ts";
import type { QueueEngine } from "./engine.ts";
import type { ServerLocks } from "./lock.ts";

export interface ExecuteContext {
  readonly engine: Pick<QueueEngine, "store" | "key" | "lockServers">;
  readonly clock: Clock;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted where the run is to be handed back. */
  readonly signal: AbortSignal;
  readonly cache: ResponseCache;
  readonly onError: (error: unknown) => void;
  /** Called for each request to a GlitchTip. */
  onRequest?(method: string): void;
}

export interface Work {
  readonly run: string;
  readonly kind: "plan" | "apply";
  readonly servers: readonly DeclaredServer[];
  readonly strict: boolean;
  readonly fresh: boolean;
  /** Whether the run is tried again after this error, so that it keeps its locks until then. */
  isTriedAgain(error: unknown): boolean;
  onOutcome?(outcome: Outcome): void;
}

/**
 * Plans or applies as the command line does. Returns undefined where another run holds the lock of one of the servers.
 * Throws GC2008 where the run has lost a lock.
 */
export async function execute(context: ExecuteContext, work: Work): Promise<Report | undefined> {
  if (work.kind === "plan") return await carryOut(context, work, undefined);
  const urls = work.servers.flatMap(({ desired }) => desired.url ?? []);
  await using locks = await context.engine.lockServers(work.run, urls);
  if (locks === undefined) return undefined;
  try {
    return await carryOut(context, work, locks);
  } catch (error) {
    if (work.isTriedAgain(error)) locks.leave();
    throw error;
  }
}

async function carryOut(context: ExecuteContext, work: Work, locks: ServerLocks | undefined): Promise<Report> {
  const { log, clock, env, cache } = context;
  const { servers: declared, strict, fresh } = work;
  using running = linkSignals([context.signal]);
  const { signal } = running;
  const known = await readKnown(context, declared);
  const stores = new Map(declared.map((one) => [one, openMemoryStore(known.get(one) ?? { organizations: {} })]));
  const wrapTransport = (direct: Transport, { desired: { url = "" } }: DeclaredServer, token?: unknown): Transport => {
    const counted = counting(direct, context);
    if (locks !== undefined) {
      return guarded(
        cache.clearing(counted, url),
        clock,
        () => locks.check(url),
        (error) => running.abort(error),
      );
    }
    return fresh ? counted : withCache(cache, counted, url, token);
  };
  await using servers = openServers(
    { clock, log, env, signal, docker: noDocker, readOnly: locks === undefined, openStore, wrapTransport },
    declared,
  );
  try {
    const looked = await lookAt(servers, { strict }, { isLast: locks === undefined });
    if (locks === undefined) return reportOf(looked);
    const { onOutcome } = work;
    const outcomes = await applyServers(servers, looked, {
      // What must be confirmed by its name is never deleted by the service.
      wanted: ({ confirm }) => confirm === undefined,
      ...(onOutcome && { onOutcome }),
    });
    // An aborted apply has outcomes that say "interrupted"; the run itself goes on elsewhere, or again.
    signal.throwIfAborted();
    return withKept(reportOf(looked, outcomes), plansOf(looked));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    if (locks !== undefined) await writeKnown(context, stores);
  }

  function openStore(one: DeclaredServer) {
    return stores.get(one) ?? openMemoryStore({ organizations: {} });
  }
}

const noDocker = (): never => {
  throw new CodedError("GC1101", "the server has no url", {
    remedy: "The service reaches a server by its address: declare server.url and server.token.",
  });
};

/** Says which deletions wait for a person. */
function withKept(report: Report, plans: ReturnType<typeof plansOf>): Report {
  const kept = plans.flatMap(({ actions }) =>
    actions.flatMap(({ confirm, instance, organization, kind }) =>
      confirm === undefined
        ? []
        : [
            {
              instance,
              organization,
              message: `${kind} "${confirm}" is not deleted by the service; to delete it: npx glitchtip-compose apply --yes --confirm "${confirm}"`,
            },
          ],
    ),
  );
  return { ...report, warnings: [...report.warnings, ...kept] };
}

const counting = (transport: Transport, { onRequest }: ExecuteContext): Transport => ({
  ...transport,
  send: (request, signal) => {
    onRequest?.(request.method);
    return transport.send(request, signal);
  },
});

/** Less than it takes another worker to take over the run of one that hangs. */
const CONFIRMED_FOR_MS = 5_000;

/**
 * Checks the lock before each write. A run that has lost it is aborted as a whole. An answer that comes late says nothing: a
 * process that was stopped meanwhile reads it when another worker may hold the lock already, so it is asked again.
 */
export function guarded(
  transport: Transport,
  clock: Pick<Clock, "now">,
  check: () => Promise<void>,
  abort: (reason: unknown) => void,
): Transport {
  const confirm = async () => {
    let askedAtMs: number;
    do {
      askedAtMs = clock.now();
      await check();
    } while (clock.now() - askedAtMs > CONFIRMED_FOR_MS);
  };
  return {
    ...transport,
    async send(request, signal) {
      if (request.method !== "GET") {
        try {
          await confirm();
        } catch (error) {
          abort(error);
          throw error;
        }
      }
      return await transport.send(request, signal);
    },
  };
}

/** Several workers share what each has learned: the identities of what was found or made. */
async function readKnown({ engine }: ExecuteContext, declared: readonly DeclaredServer[]) {
  const found = new Map<DeclaredServer, KnownServer>();
  if (declared.length === 0) return found;
  const texts = await engine.store.getAll(declared.map((one) => engine.key("known", storeName(one))));
  for (const [at, one] of declared.entries()) {
    const text = texts[at];
    if (text) found.set(one, JSON.parse(text) as KnownServer);
  }
  return found;
}

async function writeKnown(
  { engine, onError }: ExecuteContext,
  stores: ReadonlyMap<DeclaredServer, { readonly known: KnownServer }>,
): Promise<void> {
  const entries = [...stores].map(
    ([one, { known }]) => [engine.key("known", storeName(one)), JSON.stringify(known)] as const,
  );
  // What is lost is found on the server again, by its name.
  await engine.store.setAll(entries).catch(onError);
}

const storeName = ({ desired: { name, url = "" } }: DeclaredServer): string => `${name} ${url}`;
