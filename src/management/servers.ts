import { CodedError } from "../base/errors.ts";
import { openReferences, type References } from "../references/resolver.ts";
import { type ConnectContext, type Connected, connectServer } from "./connect.ts";
import type { DeclaredServer } from "./declared.ts";

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
  each<T>(work: (connected: Connected, declared: DeclaredServer) => Promise<T>): Promise<PerServer<T>[]>;
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
  return {
    each: (work) =>
      Promise.all(
        declared.map(async (one) => {
          try {
            return { declared: one, result: await work(await connected(one), one) };
          } catch (error) {
            context.signal.throwIfAborted();
            if (!(error instanceof CodedError)) throw error;
            return { declared: one, error };
          }
        }),
      ),
    async [Symbol.asyncDispose]() {
      for (const one of opened.values()) await (await one.catch(() => undefined))?.[Symbol.asyncDispose]();
      for (const one of references.values()) await one.close();
    },
  };
}
