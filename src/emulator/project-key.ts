import { type Call, intParam } from "./call.ts";
import { hexId } from "./event-shape.ts";
import { countMarks, setMark } from "./marks.ts";
import type { Project } from "./state.ts";

const BLOCK_MS = 30_000;
const THROTTLED_S = 600;

/** What the DSN's key of an ingest request amounts to. */
export type KeyCheck =
  | { readonly result: "ok"; readonly project: Project }
  | { readonly result: "denied" | "malformed" }
  | { readonly result: "throttled"; readonly retryAfterS: number };

function keyOf(call: Call): string | undefined {
  const asked = call.query.get("sentry_key") ?? call.query.get("glitchtip_key");
  if (asked !== null) return asked;
  const header = call.headers["x-sentry-auth"] ?? call.headers.authorization;
  return /(?:sentry|glitchtip)_key=([^,\s]+)/.exec(String(header ?? ""))?.[1];
}

/** A wrong key blocks the project, right keys included, for 30 seconds; in 6 only that key (ingest, key-rotation). */
export function checkKey(call: Call): KeyCheck {
  const { state, world } = call;
  const given = keyOf(call);
  if (given === undefined) return { result: "denied" };
  const hex = hexId(given);
  if (hex === undefined) return { result: "malformed" };
  const projectId = intParam(call, "project");
  const block = `block ${projectId}${world.has("blocksOneKey") ? ` ${hex}` : ""}`;
  const now = world.now();
  if (countMarks(state, block, now) > 0) return { result: "denied" };
  const key = state.keys.first("publicKey", dashed(hex));
  const project = key?.projectId === projectId ? state.projects.get(projectId) : undefined;
  if (!project) {
    setMark(state, block, now + BLOCK_MS);
    return { result: "denied" };
  }
  if (isThrottled(project, state.projects.revision)) return { result: "throttled", retryAfterS: THROTTLED_S };
  return { result: "ok", project };
}

/** 100 and more refuses everything; below, so many in a hundred. */
function isThrottled(project: Project, seed: number): boolean {
  if (project.eventThrottleRate === 0) return false;
  return project.eventThrottleRate >= 100 || (seed * 37) % 100 < project.eventThrottleRate;
}

const dashed = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
