import { CodedError, type ErrorCode } from "../base/errors.ts";
import { serverKind } from "../config/server.ts";
import { CAPABILITIES, GENERATIONS, type Generation, generationOfVersion } from "../glitchtip/versions.ts";
import { type ObservedServer, type Plan, planServer } from "../reconcile/index.ts";
import type { Connected } from "./connect.ts";
import { type DeclaredServer, declaredServers, type ServersChoice } from "./declared.ts";
import { observeServer } from "./observe.ts";
import type { ReadProblem } from "./problems.ts";
import type { LookedServer } from "./report.ts";
import type { EachOptions, Servers } from "./servers.ts";

export interface PlanServersOptions extends ServersChoice {
  readonly strict?: boolean | undefined;
}

/** Plans each declared server and changes nothing. */
export async function planServers(
  dir: string,
  options: PlanServersOptions,
  open: (declared: readonly DeclaredServer[]) => Servers,
): Promise<LookedServer[]> {
  const declared = declaredServers(dir, options);
  await using servers = open(declared);
  return await lookAt(servers, options, { isLast: true });
}

/** Plans servers, which stay open unless this is the last work with them. */
export async function lookAt(
  servers: Servers,
  { strict = false }: Pick<PlanServersOptions, "strict">,
  each: EachOptions = {},
): Promise<LookedServer[]> {
  return await servers.each(async (connected, one) => {
    const looked = await look(one, connected, { strict });
    // Only what a change concerns is asked for afterwards, and what was observed of many servers is large.
    return looked.plan.actions.length > 0 ? looked : { ...looked, observed: { organizations: [] } };
  }, each);
}

/** Error codes of a stack that does not run: no answer, no engine, no address, no secrets. */
const NOT_RUNNING: ReadonlySet<ErrorCode> = new Set(["GC1107", "GC1201", "GC1601", "GC1604", "GC1606"]);

/** Returns why this stack's own server was not read, if the reason is only that it does not run. */
export function whyNotAsked(looked: readonly LookedServer[]): string | undefined {
  const [only] = looked;
  if (only === undefined || looked.length > 1 || !("error" in only)) return undefined;
  const { declaration } = only.declared;
  const isOurs = declaration.servers === undefined && serverKind(declaration) === "bundled";
  return isOurs && NOT_RUNNING.has(only.error.code) ? only.error.message : undefined;
}

/** What a server has, and the plan for it. */
export interface Looked {
  readonly observed: ObservedServer;
  readonly generation: Generation;
  readonly plan: Plan;
  /** What could not be read, and is therefore not planned. */
  readonly problems: readonly ReadProblem[];
}

const NEWEST: Generation = GENERATIONS.at(-1) ?? GENERATIONS[0];

export interface LookOptions {
  readonly strict: boolean;
}

/** Reads the server and plans. Throws where it cannot be read at all. */
export async function look(declared: DeclaredServer, connected: Connected, options: LookOptions): Promise<Looked> {
  const { context, desired } = connected;
  const { observed, problems } = await observeServer(context, desired);
  if (observed === undefined) throw problems[0]?.error ?? new CodedError("GC1901", `${desired.name} was not read`);
  const { generation, warning } = generationFor(declared, observed.version);
  const plan = planServer(desired, observed, { generation, strict: options.strict, known: context.store.known });
  const more = [...(warning === undefined ? [] : [warning]), ...invitationWarnings(declared, generation, plan)];
  const warnings = [...more.map((message) => ({ instance: desired.name, message })), ...plan.warnings];
  return { observed, generation, plan: { ...plan, warnings }, problems };
}

/** Returns the generation as declared, or as the server's version says, which is read only where generations differ. */
export function generationFor(
  { generation, desired }: Pick<DeclaredServer, "generation" | "desired">,
  version: string | undefined,
): { readonly generation: Generation; readonly warning?: string } {
  if (generation !== undefined) return { generation };
  if (version === undefined) return { generation: NEWEST };
  const found = generationOfVersion(version);
  if (found?.known) return found;
  const treated = found?.generation ?? NEWEST;
  const remedy = "if that is wrong, declare the server's generation";
  return {
    generation: treated,
    warning: `${desired.name} says that it is version ${version}, which this tool does not know; it is treated as GlitchTip ${treated}: ${remedy}`,
  };
}

/** A real 5.2 without Valkey answers an invitation with 500. */
function invitationWarnings({ declaration }: DeclaredServer, generation: Generation, { actions }: Plan): string[] {
  const invites = actions.some(({ kind, type }) => kind === "member" && type === "create");
  const { image, valkey = "off" } = declaration.server;
  if (!invites || !CAPABILITIES[generation].invitesWithValkeyOnly) return [];
  const ours = image !== undefined && declaration.servers === undefined;
  if (ours && valkey !== "off") return [];
  return [
    `GlitchTip ${CAPABILITIES[generation].generation} answers invitations with 500 where it runs without Valkey${ours ? ", as this stack does: declare server.valkey: bundled" : ""}`,
  ];
}
