import type { World } from "./call.ts";
import { describe } from "./event-facts.ts";
import { removeIssue, removeOrganization, removeProject } from "./purge.ts";
import type { PendingEvent, State } from "./state.ts";

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
