import { randomUUID } from "node:crypto";
import { invalid } from "../body.ts";
import { intParam, type RouteCall } from "../call.ts";
import { plainBody, UNZIPPED_LIMIT_BYTES } from "../compression.ts";
import { type Envelope, parseEnvelope, parseEnvelopeLines } from "../envelope.ts";
import { eventComplaints, fieldsOf, hexId, idComplaints, missing, parsedJson } from "../event-payload.ts";
import { ApiError, badRequestPage, bareJson, html, json, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { ProjectRow } from "../rows.ts";
import { countMarks, setMark } from "../state.ts";

const DAY_MS = 86_400_000;

/** The endpoints that applications send events to: envelopes and the older store endpoint (ingest). */
export const ingestRoutes: Routes = {
  "/api/{int:project}/envelope/": { POST: { auth: "none", handle: envelope } },
  "/api/{int:project}/store/": { POST: { auth: "none", handle: store } },
};

function envelope(call: RouteCall): Reply {
  return call.world.has("ingestThroughApi") ? envelopeThroughApi(call) : envelopeDirect(call);
}

function tooMany(retryAfterS: number): Reply {
  return html(429, "Too Many Requests", { "retry-after": String(retryAfterS) });
}

function envelopeDirect(call: RouteCall): Reply {
  const key = checkKey(call);
  if (key.result === "throttled") return tooMany(key.retryAfterS);
  if (key.result !== "ok") {
    return bareJson(403, { detail: key.result === "malformed" ? "Invalid DSN" : "Denied" });
  }
  const parsed = parseEnvelope(plainBody(call, call.world), call.world);
  acceptEvents(call, key.project.id, parsed);
  switch (parsed.refused) {
    case "empty":
      return bareJson(400, { detail: "Empty request body" });
    case "header":
      return bareJson(400, { detail: "Invalid envelope header" });
    case "line too big":
      return badRequestPage();
    case "payload too big":
      return html(413, `Decompressed size exceeded limit of ${UNZIPPED_LIMIT_BYTES} bytes`);
    default:
      return bareJson(200, parsed.eventId ? { id: parsed.eventId } : {});
  }
}

/** Accepts an envelope as versions before 5.0 do: through the API's framework. */
function envelopeThroughApi(call: RouteCall): Reply {
  const { id: projectId } = requireKeyOfApi(call);
  const body = bodyOfApi(call);
  if (!Buffer.isBuffer(body)) return body;
  const parsed = parseEnvelopeLines(body, call.headers["content-type"]);
  acceptEvents(call, projectId, parsed);
  return json(200, { id: parsed.eventId ?? null });
}

/** Stores the events of an envelope. Items that are not valid events are ignored silently. */
function acceptEvents(call: RouteCall, projectId: number, { eventId, items }: Envelope): void {
  const { world } = call;
  for (const { type, payload } of items) {
    if (type !== "event" || payload === undefined) continue;
    const own = fieldsOf(payload);
    const event = world.has("headerNamesEvents") ? { ...own, event_id: eventId } : own;
    const complaints = [...idComplaints(event, []), ...eventComplaints(event, [], world.has("timeOfEventMatters"))];
    if (complaints.length === 0) accept(call, projectId, hexId(event.event_id) ?? eventId ?? newId(), event, true);
  }
}

/** Returns the body, or the answer where the API's framework cannot read it. Throws 422 for an empty one. */
function bodyOfApi(call: RouteCall): Buffer | Reply {
  const { bytes, end } = plainBody(call, call.world);
  if (end === "too big") return badRequestPage();
  if (end === "broken" && call.world.has("crashesOnBrokenBody")) throw new Error("the decompressor raises");
  if (bytes.length === 0) throw invalid([missing(["body", "payload"])]);
  return bytes;
}

function requireKeyOfApi(call: RouteCall): { id: number } {
  const key = checkKey(call);
  switch (key.result) {
    case "ok":
      return key.project;
    case "malformed":
      throw invalid([{ message: "dsn key badly formed hexadecimal UUID string" }]);
    case "denied":
      throw new ApiError(401, "Unauthorized");
    case "throttled":
      throw new ApiError(429, "Please retry later");
  }
}

function store(call: RouteCall): Reply {
  const { id: projectId } = requireKeyOfApi(call);
  const body = bodyOfApi(call);
  if (!Buffer.isBuffer(body)) return body;
  const payload = parsedJson(body);
  if (payload === undefined) throw new ApiError(400, "Cannot parse request body");
  const event = fieldsOf(payload);
  const loc = ["body", "payload"];
  const eventId = hexId(event.event_id);
  const complaints = eventComplaints(event, loc, call.world.has("timeOfEventMatters"));
  if (eventId === undefined) {
    complaints.push(...("event_id" in event ? idComplaints(event, loc) : [missing([...loc, "event_id"])]));
  }
  if (eventId === undefined || complaints.length > 0) throw invalid(complaints);
  if (!accept(call, projectId, eventId, event, false)) throw invalid([{ message: "Duplicate event id" }]);
  return json(200, { event_id: eventId, task_id: null });
}

const newId = (): string => randomUUID().replaceAll("-", "");

/** Stores an event for the worker. Returns false if its id was seen before (ingest: "the same event id again"). */
function accept(
  call: RouteCall,
  projectId: number,
  eventId: string,
  payload: Readonly<Record<string, unknown>>,
  viaEnvelope: boolean,
): boolean {
  const { state, world } = call;
  const now = world.now();
  if (countMarks(state, `event ${eventId}`, now) > 0) return false;
  setMark(state, `event ${eventId}`, now + DAY_MS);
  state.pending.insert({ eventId, projectId, receivedMs: now, viaEnvelope, payload });
  return true;
}

const BLOCK_MS = 30_000;
const THROTTLED_S = 600;

/** The result of checking the key of an ingest request. */
type KeyCheck =
  | { readonly result: "ok"; readonly project: ProjectRow }
  | { readonly result: "denied" | "malformed" }
  | { readonly result: "throttled"; readonly retryAfterS: number };

function keyOf(call: RouteCall): string | undefined {
  const asked = call.query.get("sentry_key") ?? call.query.get("glitchtip_key");
  if (asked !== null) return asked;
  const header = call.headers["x-sentry-auth"] ?? call.headers.authorization;
  return /(?:sentry|glitchtip)_key=([^,\s]+)/.exec(String(header ?? ""))?.[1];
}

/**
 * Checks the key of a request. A wrong key blocks the project for 30 seconds, right keys included; in 6 only that key is
 * blocked (ingest, key-rotation).
 */
function checkKey(call: RouteCall): KeyCheck {
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

/** A rate of 100 and more refuses everything; a lower rate refuses that percentage. */
function isThrottled(project: ProjectRow, seed: number): boolean {
  if (project.eventThrottleRate === 0) return false;
  return project.eventThrottleRate >= 100 || (seed * 37) % 100 < project.eventThrottleRate;
}

const dashed = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
