import { createHash } from "node:crypto";
import type { Report } from "../management/index.ts";
import type { QueueEngine } from "./engine.ts";

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
export function openServerStates({ redis, key }: Pick<QueueEngine, "redis" | "key">): ServerStates {
  const name = key("servers");
  return {
    async all() {
      const found = await redis.hgetall(name);
      return Object.fromEntries(
        Object.entries(found).map(([server, text]) => [server, JSON.parse(text) as ServerState]),
      );
    },
    async replace(server, state) {
      const before = await redis.hget(name, server);
      await redis.hset(name, server, JSON.stringify(state));
      return before ? (JSON.parse(before) as ServerState) : undefined;
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
