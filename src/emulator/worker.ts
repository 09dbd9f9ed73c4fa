import { isObject } from "./body.ts";
import type { World } from "./call.ts";
import { removeIssue, removeOrganization, removeProject } from "./purge.ts";
import type { Issue, PendingEvent, State } from "./state.ts";

/** What the worker would have done by now: it writes accepted events and removes what was marked as deleted. */
export function work(state: State, world: World): void {
  const due = world.now() - world.processingDelayMs;
  for (const event of state.pending.all()) {
    if (event.receivedMs > due) break;
    state.pending.delete(event.id);
    store(state, world, event);
  }
  const isDue = (row: { readonly deletedAtMs: number | null }) => row.deletedAtMs !== null && row.deletedAtMs <= due;
  for (const row of state.issues.where("deleted", 1)) if (isDue(row)) removeIssue(state, row.id);
  for (const row of state.projects.where("deleted", 1)) if (isDue(row)) removeProject(state, row.id);
  for (const row of state.organizations.where("deleted", 1)) if (isDue(row)) removeOrganization(state, row.id);
}

function store(state: State, world: World, event: PendingEvent): void {
  const project = state.projects.get(event.projectId);
  if (!project) return;
  const at = new Date(event.receivedMs).toISOString();
  const facts = describe(event.payload);
  const known = state.issues.first("hash", `${project.id}/${facts.hash}`);
  let issueId: number;
  if (known) {
    issueId = known.id;
    const status = known.status === "resolved" ? "unresolved" : known.status;
    state.issues.update(known.id, { count: known.count + 1, lastSeen: at, status });
  } else {
    const shortId = project.issueCount + 1;
    const times = { firstSeen: at, lastSeen: at, deletedAtMs: null };
    issueId = state.issues.insert({
      ...facts,
      ...times,
      projectId: project.id,
      shortId,
      status: "unresolved",
      count: 1,
    }).id;
    state.projects.update(project.id, { issueCount: shortId });
  }
  const { id: _, ...kept } = event;
  state.events.insert({ ...kept, issueId });
  if (project.firstEvent === null && !world.has("noFirstEvent")) state.projects.update(project.id, { firstEvent: at });
}

type Facts = Pick<Issue, "hash" | "type" | "level" | "title" | "culprit" | "metadata" | "tags">;

function describe(payload: Readonly<Record<string, unknown>>): Facts {
  const exception = lastException(payload.exception);
  const type = exception ? "error" : "default";
  const title = (exception ? exceptionTitle(exception) : message(payload)).slice(0, 255) || "<unlabeled event>";
  const culprit = text(payload.transaction);
  const fingerprint = Array.isArray(payload.fingerprint) ? payload.fingerprint.join() : "{{ default }}";
  return {
    hash: fingerprint.replace("{{ default }}", `${type} ${title} ${culprit}`),
    type,
    level: text(payload.level) || "error",
    title,
    culprit,
    metadata: exception ? { type: text(exception.type), value: text(exception.value) } : {},
    tags: tags(payload),
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function lastException(value: unknown): Record<string, unknown> | undefined {
  const list: unknown = isObject(value) ? value.values : value;
  const last: unknown = Array.isArray(list) ? list.at(-1) : undefined;
  return isObject(last) ? last : undefined;
}

function exceptionTitle(exception: Record<string, unknown>): string {
  const value = text(exception.value).split("\n")[0];
  return value ? `${text(exception.type) || "Error"}: ${value}` : text(exception.type) || "Error";
}

function message(payload: Readonly<Record<string, unknown>>): string {
  const given = payload.message ?? payload.logentry;
  const found = isObject(given) ? text(given.formatted) || text(given.message) : text(given);
  return found.split("\n")[0] ?? "";
}

function tags(payload: Readonly<Record<string, unknown>>): Record<string, string> {
  const found: Record<string, string> = {};
  const given = payload.tags;
  const pairs: unknown[] = Array.isArray(given) ? given : isObject(given) ? Object.entries(given) : [];
  for (const pair of pairs) if (Array.isArray(pair)) found[String(pair[0])] = String(pair[1]);
  for (const name of ["environment", "release", "server_name"]) {
    if (typeof payload[name] === "string") found[name] = payload[name];
  }
  return found;
}
