import type { ErrorCode } from "../base/errors.ts";
import { serverKind } from "../config/server.ts";
import { type DeclaredServer, declaredServers, type ServersChoice } from "./declared.ts";
import { look } from "./look.ts";
import type { LookedServer } from "./report.ts";
import type { Servers } from "./servers.ts";

export interface PlanServersOptions extends ServersChoice {
  readonly strict?: boolean | undefined;
}

/** The plan of each declared server; nothing is changed anywhere. */
export async function planServers(
  dir: string,
  options: PlanServersOptions,
  open: (declared: readonly DeclaredServer[]) => Servers,
): Promise<LookedServer[]> {
  const declared = declaredServers(dir, options);
  await using servers = open(declared);
  return await lookAt(servers, options);
}

/** The same of servers that stay open. */
export async function lookAt(
  servers: Servers,
  { strict = false }: Pick<PlanServersOptions, "strict">,
): Promise<LookedServer[]> {
  return await servers.each((connected, one) => look(one, connected, { strict }));
}

/** No answer, no engine, no address, no secrets yet. */
const NOT_RUNNING: ReadonlySet<ErrorCode> = new Set(["GC1107", "GC1201", "GC1601", "GC1604", "GC1606"]);

/** Of a stack of ours that does not run: what it holds is nobody's fault, and can be planned later. */
export function whyNotAsked(looked: readonly LookedServer[]): string | undefined {
  const [only] = looked;
  if (only === undefined || looked.length > 1 || !("error" in only)) return undefined;
  const { declaration } = only.declared;
  const isOurs = declaration.servers === undefined && serverKind(declaration) === "bundled";
  return isOurs && NOT_RUNNING.has(only.error.code) ? only.error.message : undefined;
}
