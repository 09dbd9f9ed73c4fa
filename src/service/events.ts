import type { Clock } from "../base/wait.ts";
import { openNodeHttp } from "../http/node.ts";
import type { QueueEngine } from "./engine.ts";
import type { Metrics } from "./metrics.ts";
import type { RunRecord } from "./run-store.ts";
import type { ServerState } from "./server-states.ts";

/** An event in the JSON format of CloudEvents 1.0. */
export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly data: object;
}

export interface EventsContext {
  readonly engine: Pick<QueueEngine, "store" | "key">;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly metrics: Metrics;
  /** The address that events are posted to, besides the stream; undefined for none. */
  readonly sink: string | undefined;
  readonly onError: (error: unknown) => void;
}

const SOURCE = "glitchtip-compose/serve";
const KEPT_EVENTS = 10_000;
const SINK_TIMEOUT_MS = 10_000;

/** Returns the events of a run that has ended: each applied action, and each error of an apply. */
export function eventsOf(record: RunRecord): CloudEvent[] {
  const { id, kind, report, error, servers, finishedAtMs = record.createdAtMs } = record;
  if (kind === "plan") return [];
  const event = (nth: number, type: string, subject: string, data: object) =>
    cloudEvent(`${id}/${nth}`, type, subject, finishedAtMs, data);
  const actions = (report?.applied_actions ?? []).map((action, nth) => {
    const { instance, organization, project, kind: of, name, action_type: type } = action;
    const subject = [instance, organization, project, name].filter((part) => part !== undefined).join("/");
    return event(nth, `${of}.${type}`, subject, action);
  });
  const errors = [
    ...(report?.problems ?? []).map((problem) => ({ subject: problem.instance, data: problem as object })),
    ...(error === undefined ? [] : [{ subject: servers.join(","), data: error }]),
  ];
  return [...actions, ...errors.map(({ subject, data }, nth) => event(actions.length + nth, "error", subject, data))];
}

/** Returns the event of a server whose plan is another one than before. */
export const driftEvent = (run: string, server: string, state: ServerState): CloudEvent =>
  cloudEvent(`${run}/drift/${server}`, "drift", server, state.plannedAtMs, {
    status: state.status,
    drift: state.drift,
    errors: state.errors,
  });

const cloudEvent = (id: string, type: string, subject: string, atMs: number, data: object): CloudEvent => ({
  specversion: "1.0",
  id,
  source: SOURCE,
  type: `glitchtip-compose.${type}`,
  subject,
  time: new Date(atMs).toISOString(),
  datacontenttype: "application/json",
  data,
});

/** Publishes events: into the stream of the engine, and to the HTTP sink. A failure is counted and said. */
export async function publishEvents(context: EventsContext, events: readonly CloudEvent[]): Promise<void> {
  if (events.length === 0) return;
  await Promise.all([counted(context, "stream", events, toStream), counted(context, "http", events, toSink)]);
}

async function counted(
  context: EventsContext,
  sink: "stream" | "http",
  events: readonly CloudEvent[],
  send: (context: EventsContext, events: readonly CloudEvent[]) => Promise<void>,
): Promise<void> {
  if (sink === "http" && context.sink === undefined) return;
  try {
    await send(context, events);
    context.metrics.events.inc({ sink, outcome: "sent" }, events.length);
  } catch (error) {
    context.metrics.events.inc({ sink, outcome: "failed" }, events.length);
    context.onError(error);
  }
}

async function toStream({ engine: { store, key } }: EventsContext, events: readonly CloudEvent[]): Promise<void> {
  await store.append(
    key("events"),
    events.map((event) => JSON.stringify(event)),
    KEPT_EVENTS,
  );
}

/** Posts one event a request, in their order (structured mode). */
async function toSink({ sink = "", signal }: EventsContext, events: readonly CloudEvent[]): Promise<void> {
  const http = openNodeHttp({ timeoutMs: SINK_TIMEOUT_MS, keepAlive: false });
  try {
    for (const event of events) {
      const headers = { "content-type": "application/cloudevents+json; charset=utf-8" };
      const answer = await http.send({ method: "POST", url: sink, headers, body: JSON.stringify(event) }, signal);
      if (answer.status >= 300) throw new Error(`the sink of events answered ${answer.status}`);
    }
  } finally {
    await http.close();
  }
}
