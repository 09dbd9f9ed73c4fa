import { randomUUID } from "node:crypto";
import { isObject } from "../body.ts";
import type { Call } from "../call.ts";
import { hexId, parseEnvelope, plainBody } from "../envelope.ts";
import { countMarks, setMark } from "../marks.ts";
import { checkKey } from "../project-key.ts";
import { ApiError, bareJson, html, json, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";

const DAY_MS = 86_400_000;

/** Where applications send: envelopes and the older store endpoint (ingest). */
export const ingestRoutes: Routes = {
  "/api/{int:project}/envelope/": { POST: { auth: "none", handle: envelope } },
  "/api/{int:project}/store/": { POST: { auth: "none", handle: store } },
};

function envelope(call: Call): Reply {
  return call.world.has("ingestThroughApi") ? envelopeThroughApi(call) : envelopeDirect(call);
}

function tooMany(retryAfterS: number): Reply {
  return html(429, "Too Many Requests", { "retry-after": String(retryAfterS) });
}

function envelopeDirect(call: Call): Reply {
  const key = checkKey(call);
  if (key.result === "throttled") return tooMany(key.retryAfterS);
  if (key.result !== "ok") {
    return bareJson(403, { detail: key.result === "malformed" ? "Invalid DSN" : "Denied" });
  }
  const body = plainBody(call);
  if (body?.length === 0) return bareJson(400, { detail: "Empty request body" });
  const parsed = body && parseEnvelope(body);
  if (!parsed) return bareJson(400, { detail: "Invalid envelope header" });
  acceptItems(call, key.project.id, parsed);
  return bareJson(200, parsed.eventId ? { id: parsed.eventId } : {});
}

/** Before 5.0 envelopes went through the API's framework. */
function envelopeThroughApi(call: Call): Reply {
  const { id: projectId } = requireKeyOfApi(call);
  const body = plainBody(call);
  if (body?.length === 0) {
    throw new ApiError(422, [{ type: "missing", loc: ["body", "payload"], msg: "Field required" }]);
  }
  const parsed = body && parseEnvelope(body);
  if (!parsed) throw new ApiError(400, "Cannot parse request body");
  acceptItems(call, projectId, parsed);
  return json(200, { id: parsed.eventId ?? null });
}

function requireKeyOfApi(call: Call): { id: number } {
  const key = checkKey(call);
  switch (key.result) {
    case "ok":
      return key.project;
    case "malformed":
      throw new ApiError(422, [{ message: "dsn key badly formed hexadecimal UUID string" }]);
    case "denied":
      throw new ApiError(401, "Unauthorized");
    case "throttled":
      throw new ApiError(429, "Please retry later");
  }
}

function store(call: Call): Reply {
  const { id: projectId } = requireKeyOfApi(call);
  const payload = parsedObject(plainBody(call));
  if (!payload) throw new ApiError(400, "Cannot parse request body");
  const eventId = hexId(payload.event_id) ?? newId();
  if (!accept(call, projectId, eventId, payload, false)) {
    throw new ApiError(422, [{ message: "Duplicate event id" }]);
  }
  return json(200, { event_id: eventId, task_id: null });
}

function parsedObject(body: Buffer | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body?.toString("utf8") ?? "");
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const newId = (): string => randomUUID().replaceAll("-", "");

/** Only events are kept; an item that is no valid event is passed over in silence. */
function acceptItems(call: Call, projectId: number, parsed: NonNullable<ReturnType<typeof parseEnvelope>>): void {
  for (const { type, payload } of parsed.items) {
    if (type !== "event" || !isObject(payload)) continue;
    accept(call, projectId, hexId(payload.event_id) ?? parsed.eventId ?? newId(), payload, true);
  }
}

/** The same id again is answered with 200 and not kept (ingest: "the same event id again"). */
function accept(
  call: Call,
  projectId: number,
  eventId: string,
  payload: Record<string, unknown>,
  viaEnvelope: boolean,
): boolean {
  const { state, world } = call;
  const now = world.now();
  if (countMarks(state, `event ${eventId}`, now) > 0) return false;
  setMark(state, `event ${eventId}`, now + DAY_MS);
  state.pending.insert({ eventId, projectId, receivedMs: now, viaEnvelope, payload });
  return true;
}
