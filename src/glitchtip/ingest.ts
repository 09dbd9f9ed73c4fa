import { randomUUID } from "node:crypto";
import * as z from "zod/mini";
import { defined } from "../base/defined.ts";
import { AnswerError, readAnswer } from "./answers.ts";
import type { DsnParts } from "./dsn.ts";
import type { Transport } from "./transport.ts";

/** Returns a new event id: 32 hex digits. */
export const newEventId = (): string => randomUUID().replaceAll("-", "");

/** Sends an envelope with one event. Throws where the server refuses it. */
export function sendEvent(
  transport: Transport,
  dsn: DsnParts,
  event: { id: string; message: string; fingerprint?: string },
  signal: AbortSignal,
) {
  const item = {
    event_id: event.id,
    platform: "other",
    level: "info",
    message: event.message,
    tags: { "glitchtip-compose": "proof" },
    ...defined({ fingerprint: event.fingerprint === undefined ? undefined : [event.fingerprint] }),
  };
  return sendEnvelope(transport, dsn, [{ event_id: event.id }, { type: "event" }, item], signal);
}

/** Sends an event as an SDK has made it. Throws where the server refuses it. */
export const sendPayload = (
  transport: Transport,
  dsn: DsnParts,
  { id, payload }: { readonly id: string; readonly payload: object },
  signal: AbortSignal,
) => sendEnvelope(transport, dsn, [{ event_id: id }, { type: "event" }, payload], signal);

/** Sends an envelope without an item. 200 means that the key is valid, and nothing is stored (ingest scenario). */
export function sendEmptyEnvelope(transport: Transport, dsn: DsnParts, signal: AbortSignal) {
  return sendEnvelope(transport, dsn, [{ event_id: newEventId() }], signal);
}

/** The server returns the id of the event that it has accepted; without an id in the header 5.x returns none (ingest scenario). */
const acceptedShape = z.object({ id: z.nullish(z.string()) });

async function sendEnvelope(
  transport: Transport,
  { key, projectId }: DsnParts,
  lines: readonly object[],
  signal: AbortSignal,
) {
  const path = `/api/${projectId}/envelope/`;
  const answer = await transport.send(
    {
      method: "POST",
      path,
      headers: {
        "content-type": "application/x-sentry-envelope",
        // The key is in a header because paths are logged.
        "x-sentry-auth": `Sentry sentry_version=7, sentry_client=glitchtip-compose, sentry_key=${key.replaceAll("-", "")}`,
      },
      body: lines.map((line) => JSON.stringify(line)).join("\n"),
    },
    signal,
  );
  try {
    readAnswer("POST", transport.baseUrl + path, answer, acceptedShape);
  } catch (error) {
    throw isDenied(error) ? dsnRefused(error) : error;
  }
}

/** Returns true for a refused key: 4.1 answers 401, later generations 403 (ingest scenario). */
const isDenied = (error: unknown): error is AnswerError =>
  error instanceof AnswerError && (error.code === "GC1304" || error.code === "GC1305");

const dsnRefused = ({ status, message, said }: AnswerError) =>
  new AnswerError("GC1404", status, message, {
    said,
    remedy:
      "Its key was deleted, or somebody just used a deleted one on this project: docker compose up -d --wait, then restart what still has an old DSN.",
  });
