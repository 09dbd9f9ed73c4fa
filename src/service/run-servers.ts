import { CodedError } from "../base/errors.ts";
import { type BroughtServers, openBroughtServers } from "./compat.ts";
import { compatInstanceSchema, INSTANCE_DEPTH } from "./compat-schema.ts";
import { fastParser } from "./fast-validation.ts";
import { splitJson } from "./json-parts.ts";
import { chosenServers, type Registry } from "./registry.ts";
import type { RunRecord, RunStore } from "./run-store.ts";
import type { Seal } from "./seal.ts";

export interface RunServersContext {
  readonly dir: string;
  readonly registry: Registry;
  readonly runs: Pick<RunStore, "piece">;
  readonly seal: Seal | undefined;
}

const parseInstance = fastParser(compatInstanceSchema);

/** Returns the servers of a run: registered ones by their names, or those that its request has brought. */
export async function serversOfRun(context: RunServersContext, record: RunRecord): Promise<BroughtServers> {
  if (record.pieces !== undefined) {
    const brought = await broughtServers(context, record.id, record.pieces);
    const names = brought.servers.map(({ desired }) => desired.name);
    if (names.join("\n") === record.servers.join("\n")) return brought;
    throw new CodedError("GC2004", "the request of this run has other servers than were checked");
  }
  if (record.servers.length === 0) throw new CodedError("GC1001", "the run names no server");
  return { servers: chosenServers(context.registry.read(), record.servers), env: {} };
}

/** Reads a request piece by piece and server by server, so that a large one is never in memory as a whole. */
async function broughtServers({ dir, runs, seal }: RunServersContext, id: string, pieces: number) {
  const brought = openBroughtServers(dir);
  const request = splitJson(INSTANCE_DEPTH, (part) => brought.add(parseInstance(JSON.parse(part.toString("utf8")))));
  for (let nth = 0; nth < pieces; nth++) {
    const sealed = await runs.piece(id, nth);
    if (seal === undefined || sealed === undefined) {
      throw new CodedError("GC2004", "the request of this run cannot be read", {
        remedy: "Give every process of the service the same --secret.",
      });
    }
    request.write(seal.open(sealed));
  }
  return brought;
}
