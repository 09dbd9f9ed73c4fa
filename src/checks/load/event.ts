import { randomBytes } from "node:crypto";
import { newEventId } from "../../glitchtip/ingest.ts";

const FRAMES = 20;
const BREADCRUMBS = 30;
const CONTEXT_LINES = 5;

/** One of the events of a load: as large as what a server-side SDK sends of an error, and different each time. */
export interface LoadEvent {
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface LoadRun {
  /** Random: what tells this run's events from all others. */
  readonly mark: string;
  readonly title: string;
}

export function newRun(): LoadRun {
  const mark = randomBytes(6).toString("hex");
  return { mark, title: `glitchtip-compose load ${mark}` };
}

/** All of a run are one issue: its fingerprint is the run's. */
export function loadEvent({ mark, title }: LoadRun, index: number, nowMs: number): LoadEvent {
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
