import { CAPABILITIES, type Capabilities, GENERATIONS, generationOf, type Topology } from "../glitchtip/versions.ts";
import type { Declaration } from "./schema.ts";

/** What the declaration's `server` comes to, its defaults by generation filled in. */
export interface ResolvedServer {
  readonly capabilities: Capabilities;
  readonly topology: Topology;
  /** Ours or one of the user's. */
  readonly valkey: boolean;
  readonly warnings: readonly string[];
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
    : generationOf(server.image);
  if (found === undefined) {
    return problem(
      "image",
      `the tag of "${server.image}" does not tell which GlitchTip it is; state server.generation, one of ${GENERATIONS.join(", ")}`,
    );
  }
  if (found.tooOld) return problem("image", `"${server.image}" is older than GlitchTip ${GENERATIONS[0]}`);

  const capabilities = CAPABILITIES[found.generation];
  const problems: Problem[] = [];
  const [usual = "split"] = capabilities.topologies;
  const topology = server.topology ?? usual;
  if (!capabilities.topologies.includes(topology)) {
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
    : [`${server.image} is not a version this tool knows; it is treated as generation ${found.generation}`];
  return { server: { capabilities, topology, valkey, warnings }, problems };
}
