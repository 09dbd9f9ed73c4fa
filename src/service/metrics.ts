import { Counter, Gauge, Histogram, Registry } from "prom-client";

const NAME = "glitchtip_compose";

/** What the service counts. Each process counts what it does itself. */
export function openMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const seconds = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300];
  return {
    registry,
    requests: new Histogram({
      name: `${NAME}_http_request_seconds`,
      help: "Time to answer a request, by route and status.",
      labelNames: ["method", "route", "status"] as const,
      buckets: seconds,
      registers,
    }),
    queued: new Gauge({
      name: `${NAME}_queue_runs`,
      help: "Runs in a queue, by state.",
      labelNames: ["queue", "state"] as const,
      registers,
    }),
    waited: new Histogram({
      name: `${NAME}_run_waiting_seconds`,
      help: "Time from the request to the start of its run.",
      labelNames: ["kind"] as const,
      buckets: seconds,
      registers,
    }),
    ran: new Histogram({
      name: `${NAME}_run_seconds`,
      help: "Duration of a run, by kind and outcome.",
      labelNames: ["kind", "status"] as const,
      buckets: seconds,
      registers,
    }),
    actions: new Counter({
      name: `${NAME}_applied_actions_total`,
      help: "Applied actions, by what was done to which kind.",
      labelNames: ["action_type", "kind"] as const,
      registers,
    }),
    errors: new Counter({
      name: `${NAME}_errors_total`,
      help: "Errors of runs, by code.",
      labelNames: ["code"] as const,
      registers,
    }),
    drift: new Gauge({
      name: `${NAME}_drift_changes`,
      help: "Changes that the last plan of a server had; -1 where it could not be planned.",
      labelNames: ["server"] as const,
      registers,
    }),
    broken: new Gauge({
      name: `${NAME}_broken_declarations`,
      help: "Declarations that cannot be used.",
      registers,
    }),
    calls: new Counter({
      name: `${NAME}_glitchtip_requests_total`,
      help: "Requests to GlitchTips, by method.",
      labelNames: ["method"] as const,
      registers,
    }),
    cache: new Counter({
      name: `${NAME}_cache_lookups_total`,
      help: "Reads of dry runs that the cache answered (hit) or not (miss).",
      labelNames: ["result"] as const,
      registers,
    }),
    events: new Counter({
      name: `${NAME}_events_total`,
      help: "CloudEvents, by sink and outcome.",
      labelNames: ["sink", "outcome"] as const,
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof openMetrics>;
