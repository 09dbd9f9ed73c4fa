import { CodedError } from "../base/errors.ts";
import { openReferences, type References } from "../references/resolver.ts";
import { type ConnectContext, type Connected, connectServer } from "./connect.ts";
import type { DeclaredServer } from "./declared.ts";
import { openPool } from "./pool.ts";

/** How many servers are worked on at the same time: enough for one core, and few enough to bound sockets and memory. */
const SERVERS_AT_ONCE = 48;

export interface ServersContext extends ConnectContext {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The result of one server. A failure does not stop the others. */
export type PerServer<T> = { readonly declared: DeclaredServer } & (
  | { readonly result: T }
  | { readonly error: CodedError }
);

export interface Servers extends AsyncDisposable {
  /** Runs the work for each server concurrently. Results are in the order of the declaration. */
  each<T>(work: ServerWork<T>, options?: EachOptions): Promise<PerServer<T>[]>;
}

type ServerWork<T> = (connected: Connected, declared: DeclaredServer) => Promise<T>;

export interface EachOptions {
  /** Closes each server as soon as its work is done: no other work follows. Default false. */
  readonly isLast?: boolean;
}

/** Opens each server at the first work that uses it. A server that cannot be opened fails in every work. */
export function openServers(context: ServersContext, declared: readonly DeclaredServer[]): Servers {
  const references = new Map<string, References>();
  const opened = new Map<DeclaredServer, Promise<Connected>>();
  const referencesOf = ({ path, dir, declaration: { vault } }: DeclaredServer): References => {
    const known = references.get(path) ?? openReferences({ ...context, dir, vault, say: context.log.step });
    references.set(path, known);
    return known;
  };
  const connected = (one: DeclaredServer): Promise<Connected> => {
    const known = opened.get(one) ?? connectServer(context, one, referencesOf(one));
    opened.set(one, known);
    return known;
  };
  const close = async (one: DeclaredServer): Promise<void> => {
    const known = opened.get(one);
    opened.delete(one);
    await (await known?.catch(() => undefined))?.[Symbol.asyncDispose]();
    // Servers of one file share its references.
    if ([...opened.keys()].some(({ path }) => path === one.path)) return;
    const used = references.get(one.path);
    references.delete(one.path);
    await used?.close();
  };
  const perform = async <T>(work: ServerWork<T>, one: DeclaredServer): Promise<PerServer<T>> => {
    try {
      return { declared: one, result: await work(await connected(one), one) };
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      return { declared: one, error };
    }
  };
  return {
    async each<T>(work: ServerWork<T>, { isLast = false }: EachOptions = {}) {
      const pool = openPool(SERVERS_AT_ONCE);
      const results: PerServer<T>[] = [];
      for (const [at, one] of declared.entries()) {
        pool.add(async () => {
          results[at] = await perform(work, one);
          if (isLast) await close(one);
        });
      }
      await pool.finish();
      return results;
    },
    async [Symbol.asyncDispose]() {
      for (const one of [...opened.keys()]) await close(one);
      for (const one of references.values()) await one.close();
    },
  };
}
