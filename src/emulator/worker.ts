import { describe } from "./event-payload.ts";
import type { PendingEventRow } from "./rows.ts";
import type { EmulatorState } from "./state.ts";
import type { World } from "./world.ts";

/** Does the work that is due: writes accepted events and removes rows that are marked as deleted. */
export function work(state: EmulatorState, world: World): void {
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

function store(state: EmulatorState, world: World, event: PendingEventRow): void {
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

/** Deletes a project and all rows that depend on it. */
export function removeProject(state: EmulatorState, projectId: number): void {
  for (const key of state.keys.where("project", projectId)) state.keys.delete(key.id);
  for (const alert of state.alerts.where("project", projectId)) state.alerts.delete(alert.id);
  for (const issue of state.issues.where("project", projectId)) removeIssue(state, issue.id);
  for (const monitor of state.monitors.all()) {
    if (monitor.projectId === projectId) state.monitors.update(monitor.id, { projectId: null });
  }
  state.projects.delete(projectId);
}

export function removeIssue(state: EmulatorState, issueId: number): void {
  for (const event of state.events.where("issue", issueId)) state.events.delete(event.id);
  state.issues.delete(issueId);
}

export function removeTeam(state: EmulatorState, teamId: number): void {
  const team = state.teams.get(teamId);
  if (!team) return;
  for (const project of state.projects.where("organization", team.organizationId)) {
    if (!project.teamIds.includes(teamId)) continue;
    state.projects.update(project.id, { teamIds: project.teamIds.filter((id) => id !== teamId) });
  }
  state.teams.delete(teamId);
}

export function removeMember(state: EmulatorState, memberId: number): void {
  const member = state.members.get(memberId);
  if (!member) return;
  for (const team of state.teams.where("organization", member.organizationId)) {
    if (!team.memberIds.includes(memberId)) continue;
    state.teams.update(team.id, { memberIds: team.memberIds.filter((id) => id !== memberId) });
  }
  state.members.delete(memberId);
  const organization = state.organizations.get(member.organizationId);
  if (organization?.ownerMemberId === memberId) state.organizations.update(organization.id, { ownerMemberId: null });
}

export function removeOrganization(state: EmulatorState, organizationId: number): void {
  for (const project of state.projects.where("organization", organizationId)) removeProject(state, project.id);
  for (const team of state.teams.where("organization", organizationId)) state.teams.delete(team.id);
  for (const member of state.members.where("organization", organizationId)) state.members.delete(member.id);
  for (const monitor of state.monitors.where("organization", organizationId)) state.monitors.delete(monitor.id);
  for (const page of state.statusPages.where("organization", organizationId)) state.statusPages.delete(page.id);
  state.organizations.delete(organizationId);
}
