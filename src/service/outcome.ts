import { counted } from "../base/counted.ts";
import type { Log } from "../base/log.ts";
import { tellChannels } from "../care/index.ts";
import { type DeclaredServer, nameOf, type Report } from "../management/index.ts";
import { type CloudEvent, driftEvent, type EventsContext, eventsOf, publishEvents } from "./events.ts";
import type { Registry } from "./registry.ts";
import type { RunRecord } from "./run-store.ts";
import { openActions, type ServerState, type ServerStates, stateAfter } from "./server-states.ts";

export interface OutcomeContext extends EventsContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly registry: Registry;
  readonly states: ServerStates;
  readonly log: Log;
}

/** Counts what a run did, keeps the state of its servers, and tells of both. */
export async function afterRun(context: OutcomeContext, record: RunRecord): Promise<void> {
  count(context, record);
  const { report, pieces, servers } = record;
  const changed =
    report === undefined || pieces !== undefined ? [] : await changedServers(context, record, report, servers);
  await publishEvents(context, [...eventsOf(record), ...changed]);
}

function count({ metrics, log }: OutcomeContext, record: RunRecord): void {
  const { id, kind, state, report, error, servers, createdAtMs, startedAtMs, finishedAtMs } = record;
  if (startedAtMs !== undefined && finishedAtMs !== undefined) {
    metrics.waited.observe({ kind }, (startedAtMs - createdAtMs) / 1_000);
    metrics.ran.observe({ kind, status: state }, (finishedAtMs - startedAtMs) / 1_000);
  }
  for (const { action_type, kind: of } of report?.applied_actions ?? []) metrics.actions.inc({ action_type, kind: of });
  for (const { code = "GC1410" } of report?.problems ?? []) metrics.errors.inc({ code });
  if (error !== undefined) metrics.errors.inc({ code: error.code });
  const planned = report?.actions.length ?? 0;
  const done =
    kind === "apply"
      ? `${report?.applied_count ?? 0} of ${counted(planned, "change")} applied`
      : counted(planned, "change");
  log.info(`run ${id}: ${kind} of ${servers.join(", ")}: ${state}: ${error?.message ?? done}`);
}

/** Keeps the states of servers, and tells of those that are not as they were. */
async function changedServers(
  context: OutcomeContext,
  { id, kind }: RunRecord,
  report: Report,
  names: readonly string[],
): Promise<CloudEvent[]> {
  const events: CloudEvent[] = [];
  for (const name of names) {
    const state = stateAfter(report, name, context.clock.now());
    const before = await context.states.replace(name, state);
    if (before?.fingerprint === state.fingerprint) continue;
    // A server that was in sync from its first plan on is no news.
    if (before === undefined && state.status === "in sync") continue;
    events.push(driftEvent(id, name, state));
    await tell(context, kind, state, name, openActions(report, name));
  }
  return events;
}

const LINES = 20;

/** Tells the channels that the server's declaration has in `notify`. */
async function tell(
  context: OutcomeContext,
  kind: RunRecord["kind"],
  { status, drift, errors, plannedAtMs }: ServerState,
  name: string,
  open: Report["actions"],
): Promise<void> {
  const server = context.registry.read().servers.find(({ desired }) => desired.name === name);
  if (server === undefined) return;
  const { dir, declaration }: DeclaredServer = server;
  const lines = [...errors, ...open.map(lineOf)];
  const title = {
    "in sync": "the server is in sync with its declaration again",
    drift: `the server differs from its declaration: ${counted(drift, "change")}`,
    failed: `the ${kind} failed`,
  }[status];
  const failures = await tellChannels({ ...context, dir }, declaration, {
    event: "drift",
    about: name,
    state: status === "in sync" ? "over" : status,
    instance: name,
    title,
    lines: lines.length > LINES ? [...lines.slice(0, LINES), `and ${lines.length - LINES} more`] : lines,
    remedy: `npx glitchtip-compose plan --instance ${name}`,
    atMs: plannedAtMs,
  }).catch((error: unknown) => [error]);
  for (const error of failures) context.log.warn(error instanceof Error ? error.message : String(error));
}

const isDeletedByName = (kind: Report["actions"][number]["kind"]): boolean =>
  kind === "organization" || kind === "project";

/** Returns how the server differs, and what apply does about it. */
function lineOf({ action_type, organization, project, kind, name, changes }: Report["actions"][number]): string {
  const place = kind === "organization" ? [] : kind === "project" ? [organization] : [organization, project];
  const what = [nameOf({ kind, name }), place.filter(Boolean).join("/")].filter(Boolean).join(" of ");
  const fields = changes.map(({ field }) => field).join(", ");
  return {
    create: `missing on the server: ${what} (apply creates it)`,
    update: `different on the server: ${what}${fields && `: ${fields}`} (apply changes it)`,
    delete: `not declared: ${what} (apply ${isDeletedByName(kind) ? "--confirm " : ""}deletes it)`,
  }[action_type];
}
