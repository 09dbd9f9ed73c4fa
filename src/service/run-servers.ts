import { CodedError } from "../base/errors.ts";
import { type BroughtServers, broughtServers } from "./compat.ts";
import { compatSchema } from "./compat-schema.ts";
import { fastParser } from "./fast-validation.ts";
import { chosenServers, type Registry } from "./registry.ts";
import type { RunRecord, RunStore } from "./run-store.ts";
import type { Seal } from "./seal.ts";

export interface RunServersContext {
  readonly dir: string;
  readonly registry: Registry;
  readonly runs: Pick<RunStore, "body">;
  readonly seal: Seal | undefined;
}

const parseRequest = fastParser(compatSchema);

/** Returns the servers of a run: registered ones by their names, or those that its request has brought. */
export async function serversOfRun(context: RunServersContext, record: RunRecord): Promise<BroughtServers> {
  const { registry, runs, seal, dir } = context;
  if (record.brings) {
    const body = await runs.body(record.id);
    if (seal === undefined || body === undefined) {
      throw new CodedError("GC2004", "the request of this run cannot be read", {
        remedy: "Give every process of the service the same --secret.",
      });
    }
    return broughtServers(dir, parseRequest(JSON.parse(seal.open(body))));
  }
  if (record.servers.length === 0) throw new CodedError("GC1001", "the run names no server");
  return { servers: chosenServers(registry.read(), record.servers), env: {} };
}
