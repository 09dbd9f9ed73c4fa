import { createHash } from "node:crypto";
import type { Report } from "../management/index.ts";
import type { QueueEngine } from "./engine.ts";

const MOST_SERVERS = 10_000;

/** What the last plan of a registered server was. */
export interface ServerState {
  readonly plannedAtMs: number;
  readonly status: "in sync" | "drift" | "failed";
  readonly drift: number;
  readonly errors: readonly string[];
  /** Equal plans have equal fingerprints. */
  readonly fingerprint: string;
}

export interface ServerStates {
  all(): Promise<Readonly<Record<string, ServerState>>>;
  /** Keeps the state and returns the one before. */
  replace(name: string, state: ServerState): Promise<ServerState | undefined>;
}

/** Keeps the states of servers in the engine, for every process of the service. */
export function openServerStates({ store, key }: Pick<QueueEngine, "store" | "key">): ServerStates {
  const list = key("servers");
  return {
    async all() {
      const found = await store.newest(list, MOST_SERVERS);
      return Object.fromEntries(found.map((text) => JSON.parse(text) as [string, ServerState]));
    },
    async replace(server, state) {
      const name = key("server", server);
      const before = await store.get(name);
      await store.putListed({ list, key: name, value: JSON.stringify([server, state]), rank: state.plannedAtMs });
      return before === undefined ? undefined : (JSON.parse(before) as [string, ServerState])[1];
    },
  };
}

/** Returns the planned actions of one server that the run has not applied. */
export function openActions(report: Report, server: string): Report["actions"] {
  const applied = new Set(report.applied_actions.map((action) => JSON.stringify(action)));
  return report.actions.filter((action) => action.instance === server && !applied.has(JSON.stringify(action)));
}

/** Returns the state of one server after a run: after an apply, what it did not apply. */
export function stateAfter(report: Report, server: string, nowMs: number): ServerState {
  const open = openActions(report, server).map((action) => JSON.stringify(action));
  const errors = report.problems
    .filter(({ instance }) => instance === server)
    .map(({ code, message }) => (code ? `${code}: ${message}` : message));
  return {
    plannedAtMs: nowMs,
    status: errors.length > 0 ? "failed" : open.length > 0 ? "drift" : "in sync",
    drift: open.length,
    errors,
    fingerprint: createHash("sha256")
      .update([...open, ...errors].join("\n"))
      .digest("hex"),
  };
}
