import { CodedError } from "../base/errors.ts";
import type { DeclaredServer } from "../management/index.ts";
import { chosenServers, type Registry } from "./registry.ts";
import type { RunRecord, RunStore } from "./run-store.ts";
import type { Seal } from "./seal.ts";

export interface RunServersContext {
  readonly registry: Registry;
  readonly runs: Pick<RunStore, "body">;
  readonly seal: Seal | undefined;
}

/** Returns the servers of a run: registered ones by their names. */
export async function serversOfRun({ registry }: RunServersContext, record: RunRecord): Promise<DeclaredServer[]> {
  if (record.servers.length === 0) throw new CodedError("GC1001", "the run names no server");
  return chosenServers(registry.read(), record.servers);
}
