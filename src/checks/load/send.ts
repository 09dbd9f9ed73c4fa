import { randomBytes } from "node:crypto";
import type { Clock } from "../../base/wait.ts";
import { AnswerError } from "../../glitchtip/answers.ts";
import type { DsnParts } from "../../glitchtip/dsn.ts";
import { newEventId, sendPayload } from "../../glitchtip/ingest.ts";
import type { Transport } from "../../glitchtip/transport.ts";
import { HttpError } from "../../http/http.ts";

const FRAMES = 20;
const BREADCRUMBS = 30;
const CONTEXT_LINES = 5;

/** One event of a load: as large as an error that a server-side SDK sends, and different each time. */
interface LoadEvent {
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface LoadRun {
  /** Random text that identifies the events of this run. */
  readonly mark: string;
  readonly title: string;
}

export function newRun(): LoadRun {
  const mark = randomBytes(6).toString("hex");
  return { mark, title: `glitchtip-compose load ${mark}` };
}

/** All events of a run have the same fingerprint and belong to one issue. */
function loadEvent({ mark, title }: LoadRun, index: number, nowMs: number): LoadEvent {
  const id = newEventId();
  const seconds = nowMs / 1_000;
  const payload = {
    event_id: id,
    timestamp: seconds,
    platform: "node",
    level: "error",
    environment: "load",
    server_name: "load",
    transaction: "POST /orders/:id/items",
    fingerprint: [title],
    tags: { "glitchtip-compose": "load", run: mark },
    sdk: { name: "sentry.javascript.node", version: "10.0.0", packages: [{ name: "npm:@sentry/node" }] },
    contexts: {
      runtime: { name: "node", version: "v24.0.0" },
      os: { name: "Linux", kernel_version: "6.1.0" },
      trace: { trace_id: newEventId(), span_id: randomBytes(8).toString("hex") },
    },
    request: {
      method: "POST",
      url: `http://shop.example.com/orders/${index}/items`,
      headers: { accept: "application/json", "user-agent": "load", "x-request-id": newEventId() },
    },
    breadcrumbs: { values: Array.from({ length: BREADCRUMBS }, (_, i) => breadcrumb(i, seconds - BREADCRUMBS + i)) },
    exception: {
      values: [
        {
          type: "Error",
          value: `${title}: order ${index}`,
          mechanism: { type: "generic", handled: false },
          stacktrace: { frames: Array.from({ length: FRAMES }, (_, i) => frame(i)) },
        },
      ],
    },
  };
  return { id, payload };
}

const breadcrumb = (index: number, timestamp: number) => ({
  timestamp,
  category: "http",
  type: "http",
  level: "info",
  data: { method: "GET", url: `http://stock.example.com/articles/${newEventId()}`, status_code: 200 + (index % 5) },
});

const frame = (index: number) => ({
  filename: `/app/src/orders/module-${index}.js`,
  function: `handleStep${index}`,
  module: `orders.module-${index}`,
  lineno: 40 + index,
  colno: 17,
  in_app: index % 3 !== 0,
  pre_context: lines("before", index),
  context_line: `    const result = await warehouse.reserve(order.articles[${index}], { deadline });`,
  post_context: lines("after", index),
});

const lines = (where: string, index: number): string[] =>
  Array.from(
    { length: CONTEXT_LINES },
    (_, i) => `    // ${where} ${index}.${i}: what stands around the line that threw`,
  );

export interface Sending {
  readonly transport: Transport;
  readonly dsn: DsnParts;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly events: number;
  readonly concurrency: number;
  /** After this time no further event is sent. */
  readonly withinMs: number;
}

export interface Sent {
  /** Ids of the events that the server answered with 200. */
  readonly accepted: readonly string[];
  readonly sent: number;
  /** Number of other outcomes by status; "no answer" where the outcome is unknown. */
  readonly notAccepted: Readonly<Record<string, number>>;
  readonly tookMs: number;
  /** Time from the request to the answer, of accepted events. */
  readonly answerMs: { readonly median: number; readonly p95: number; readonly slowest: number };
}

/** Sends each event once, with this many requests at a time. An event that is not accepted is counted and not retried. */
export async function sendLoad(run: LoadRun, sending: Sending): Promise<Sent> {
  const { transport, dsn, clock, signal, events, concurrency, withinMs } = sending;
  const startMs = clock.now();
  const accepted: string[] = [];
  const tooks: number[] = [];
  const notAccepted: Record<string, number> = {};
  let next = 0;
  const sender = async () => {
    while (next < events && clock.now() - startMs < withinMs) {
      signal.throwIfAborted();
      const event = loadEvent(run, next++, clock.now());
      const sentMs = clock.now();
      try {
        await sendPayload(transport, dsn, event, signal);
        accepted.push(event.id);
        tooks.push(clock.now() - sentMs);
      } catch (error) {
        const outcome = outcomeOf(error);
        notAccepted[outcome] = (notAccepted[outcome] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sender));
  return { accepted, sent: next, notAccepted, tookMs: clock.now() - startMs, answerMs: spread(tooks) };
}

function outcomeOf(error: unknown): string {
  if (error instanceof AnswerError) return String(error.status);
  if (error instanceof HttpError) return "no answer";
  throw error;
}

function spread(values: readonly number[]): Sent["answerMs"] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { median: at(0.5), p95: at(0.95), slowest: at(1) };
}
