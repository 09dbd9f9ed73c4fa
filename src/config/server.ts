import { CodedError } from "../base/errors.ts";
import { CAPABILITIES, type Capabilities, GENERATIONS, generationOf, type Topology } from "../glitchtip/versions.ts";
import { needsProvisioner } from "./given-dsn.ts";
import type { Declaration } from "./schema.ts";

export const DEFAULT_IMAGE = "glitchtip/glitchtip:6";

/** The image of our stack's GlitchTip. */
export const imageOf = ({ image = DEFAULT_IMAGE }: Declaration["server"]): string => image;

/** `existing`: a GlitchTip that is there already; `none`: no server is asked, because every app has a DSN of its own. */
export type ServerKind = "bundled" | "existing" | "none";

export function serverKind(declaration: Pick<Declaration, "server" | "apps" | "production">): ServerKind {
  const { image, url } = declaration.server;
  // Production's domain is the address of a server of ours.
  if (image !== undefined || declaration.production !== undefined) return "bundled";
  if (url !== undefined) return "existing";
  return needsProvisioner(declaration) ? "bundled" : "none";
}

/** What the declaration's `server` comes to, its defaults by generation filled in. */
export interface ResolvedServer {
  readonly capabilities: Capabilities;
  readonly topology: Topology | "single-container";
  /** Ours or one of the user's. */
  readonly valkey: boolean;
  readonly warnings: readonly string[];
}

/** Who signs in. The schema lets it be left out only where nobody has to. */
export function superuserOf({ admin }: Pick<Declaration, "admin">): NonNullable<Declaration["admin"]> {
  if (admin !== undefined) return admin;
  throw new CodedError("GC1101", "the declaration names no admin");
}

export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly what: string;
  /** The key itself is wrong, not its value. */
  readonly atKey?: boolean;
}

/** Decides generation, topology and Valkey, or says what is wrong with them. */
export function resolveServer(server: Declaration["server"]): { server?: ResolvedServer; problems: Problem[] } {
  const problem = (key: string, what: string) => ({ problems: [{ path: ["server", key], what }] });
  const found = server.generation
    ? { generation: server.generation, known: true, tooOld: false }
    : generationOf(imageOf(server));
  if (found === undefined) {
    return problem(
      "image",
      `the tag of "${imageOf(server)}" does not tell which GlitchTip it is; state server.generation, one of ${GENERATIONS.join(", ")}`,
    );
  }
  if (found.tooOld) return problem("image", `"${imageOf(server)}" is older than GlitchTip ${GENERATIONS[0]}`);

  const capabilities = CAPABILITIES[found.generation];
  const problems: Problem[] = [];
  const [usual = "split"] = capabilities.topologies;
  const topology = server.topology ?? usual;
  if (topology === "single-container") {
    for (const key of ["database", "valkey"] as const) {
      if (typeof server[key] !== "object") continue;
      problems.push({
        path: ["server", key],
        what: "is elsewhere, but a single container brings its own; state another server.topology",
      });
    }
  } else if (!capabilities.topologies.includes(topology)) {
    const what = `generation ${found.generation} runs only as ${usual}: ${capabilities.topologyReason ?? ""}`;
    problems.push({ path: ["server", "topology"], what });
  }
  if (capabilities.needsValkey && server.valkey === "off") {
    problems.push({ path: ["server", "valkey"], what: `generation ${found.generation} does not run without Valkey` });
  }
  if (problems.length > 0) return { problems };

  const valkey = server.valkey === undefined ? capabilities.needsValkey : server.valkey !== "off";
  const warnings = found.known
    ? []
    : [`${imageOf(server)} is not a version this tool knows; it is treated as generation ${found.generation}`];
  return { server: { capabilities, topology, valkey, warnings }, problems };
}
