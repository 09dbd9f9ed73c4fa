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

/** Returns the state of one server after a run: after an apply, what it did not apply. */
export function stateAfter(report: Report, server: string, nowMs: number): ServerState {
  const ofServer = <T extends { readonly instance: string }>(all: readonly T[]) =>
    all.filter(({ instance }) => instance === server);
  const applied = new Set(report.applied_actions.map((action) => JSON.stringify(action)));
  const left = ofServer(report.actions).map((action) => JSON.stringify(action));
  const open = left.filter((action) => !applied.has(action));
  const errors = ofServer(report.problems).map(({ code, message }) => (code ? `${code}: ${message}` : message));
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
