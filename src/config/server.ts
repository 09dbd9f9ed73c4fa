import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { CAPABILITIES, type Capabilities, GENERATIONS, generationOf, type Topology } from "../glitchtip/versions.ts";
import { needsProvisioner } from "./app-sources.ts";
import { DEFAULT_IMAGE } from "./defaults.ts";
import type { Declaration } from "./schema.ts";

/** A mistake in the declaration, such as { path: ["apps", "api", "project"], what: "is missing" }. */
export interface DeclarationProblem {
  readonly path: readonly PropertyKey[];
  readonly what: string;
  /** Whether the key itself is wrong, and not its value. */
  readonly atKey?: boolean;
}

/** Returns the image of the stack's GlitchTip. */
export const imageOf = ({ image = DEFAULT_IMAGE }: Declaration["server"]): string => image;

/** `bundled`: the stack's own; `existing`: one that runs elsewhere; `none`: every app has an external DSN, so no server is asked. */
export type ServerKind = "bundled" | "existing" | "none";

export function serverKind(declaration: Pick<Declaration, "server" | "apps" | "production">): ServerKind {
  const { image, url } = declaration.server;
  // `production` makes server.url of its domain, which is the address of the stack's own server.
  if (image !== undefined || declaration.production !== undefined) return "bundled";
  if (url !== undefined) return "existing";
  return needsProvisioner(declaration) ? "bundled" : "none";
}

/** Returns who signs in. The schema allows a declaration without `admin` only where nobody signs in with a password. */
export function superuserOf({ admin }: Pick<Declaration, "admin">): NonNullable<Declaration["admin"]> {
  if (admin !== undefined) return admin;
  throw new CodedError("GC1101", "the declaration names no admin");
}

/** A database or Valkey that the user runs. */
export interface OwnService {
  /** A reference to its address. */
  readonly url: string;
  /** Its service in the user's Compose files, if it is one. */
  readonly service?: string | undefined;
}

/** Returns the database and the Valkey that the user runs, by their keys in `server`. */
export const ownServices = ({ database, valkey }: Declaration["server"]) =>
  defined({
    database: typeof database === "object" ? database : undefined,
    valkey: typeof valkey === "object" ? valkey : undefined,
  }) as { readonly database?: OwnService; readonly valkey?: OwnService };

/** The declaration's `server` with the defaults of its generation. */
export interface ResolvedServer {
  readonly capabilities: Capabilities;
  readonly topology: Topology | "single-container";
  /** Whether GlitchTip uses a Valkey, the stack's or the user's. */
  readonly valkey: boolean;
  readonly warnings: readonly string[];
}

/** What a generation that loses events without Valkey costs there. */
export const WITHOUT_VALKEY =
  "server.valkey: off: GlitchTip 5.2 loses accepted events when its database restarts, most of those that come until the worker is restarted, and keeps the others' contents in its job table for a day; server.valkey: bundled ends that";

/** Returns the server with its generation, topology and Valkey decided, or the problems that prevent that. */
export function resolveServer(server: Declaration["server"]): {
  server?: ResolvedServer;
  problems: DeclarationProblem[];
} {
  const image = imageOf(server);
  const problem = (key: string, what: string) => ({ problems: [{ path: ["server", key], what }] });
  const found = server.generation ? { generation: server.generation, known: true, tooOld: false } : generationOf(image);
  if (found === undefined) {
    return problem(
      "image",
      `the tag of "${image}" does not say which GlitchTip it is; state server.generation, one of ${GENERATIONS.join(", ")}`,
    );
  }
  if (found.tooOld) return problem("image", `"${image}" is older than GlitchTip ${GENERATIONS[0]}`);

  const capabilities = CAPABILITIES[found.generation];
  const topology = server.topology ?? capabilities.topologies[0] ?? "split";
  const problems = [
    ...topologyProblems(server, topology, capabilities),
    ...valkeyProblems(server, capabilities),
    ...pathProblems(server, capabilities),
  ];
  if (problems.length > 0) return { problems };

  const valkey = server.valkey === undefined ? bundlesValkey(capabilities) : server.valkey !== "off";
  const warnings = [
    ...(found.known
      ? []
      : [`${image} is not a version this tool knows; it is treated as generation ${found.generation}`]),
    ...(valkey || !capabilities.losesEventsWithoutValkey ? [] : [WITHOUT_VALKEY]),
  ];
  return { server: { capabilities, topology, valkey, warnings }, problems };
}

function topologyProblems(
  server: Declaration["server"],
  topology: ResolvedServer["topology"],
  { generation, topologies, topologyReason = "" }: Capabilities,
): DeclarationProblem[] {
  if (topology === "single-container") {
    return Object.keys(ownServices(server)).map((key) => ({
      path: ["server", key],
      what: "is elsewhere, but a single container brings its own; state another server.topology",
    }));
  }
  if (topologies.includes(topology)) return [];
  const what = `generation ${generation} runs only as ${topologies[0] ?? "split"}: ${topologyReason}`;
  return [{ path: ["server", "topology"], what }];
}

/** Returns the path of the server's public address, such as `/errors`; empty at the root of a host. */
export const publicPath = ({ url }: Pick<Declaration["server"], "url">): string =>
  url === undefined || !URL.canParse(url) ? "" : new URL(url).pathname.replace(/\/+$/, "");

function pathProblems(server: Declaration["server"], { generation, basePathVariable }: Capabilities) {
  const path = publicPath(server);
  if (path === "" || basePathVariable !== undefined) return [];
  const what = `generation ${generation} works only at the root of a host; remove ${path}, and give it a name of its own`;
  return [{ path: ["server", "url"], what }];
}

/** Whether a stack of this generation has a Valkey where nothing is declared. */
export const bundlesValkey = ({ needsValkey, losesEventsWithoutValkey = false }: Capabilities): boolean =>
  needsValkey || losesEventsWithoutValkey;

const valkeyProblems = ({ valkey }: Declaration["server"], { generation, needsValkey }: Capabilities) =>
  needsValkey && valkey === "off"
    ? [{ path: ["server", "valkey"], what: `generation ${generation} does not run without Valkey` }]
    : [];
