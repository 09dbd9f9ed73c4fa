import type { State } from "./state.ts";

/** What a delete in the database takes with it. */
export function removeProject(state: State, projectId: number): void {
  for (const key of state.keys.where("project", projectId)) state.keys.delete(key.id);
  for (const alert of state.alerts.where("project", projectId)) state.alerts.delete(alert.id);
  for (const issue of state.issues.where("project", projectId)) removeIssue(state, issue.id);
  for (const monitor of state.monitors.all()) {
    if (monitor.projectId === projectId) state.monitors.update(monitor.id, { projectId: null });
  }
  state.projects.delete(projectId);
}

export function removeIssue(state: State, issueId: number): void {
  for (const event of state.events.where("issue", issueId)) state.events.delete(event.id);
  state.issues.delete(issueId);
}

export function removeTeam(state: State, teamId: number): void {
  const team = state.teams.get(teamId);
  if (!team) return;
  for (const project of state.projects.where("organization", team.organizationId)) {
    if (!project.teamIds.includes(teamId)) continue;
    state.projects.update(project.id, { teamIds: project.teamIds.filter((id) => id !== teamId) });
  }
  state.teams.delete(teamId);
}

export function removeMember(state: State, memberId: number): void {
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

export function removeOrganization(state: State, organizationId: number): void {
  for (const project of state.projects.where("organization", organizationId)) removeProject(state, project.id);
  for (const team of state.teams.where("organization", organizationId)) state.teams.delete(team.id);
  for (const member of state.members.where("organization", organizationId)) state.members.delete(member.id);
  for (const monitor of state.monitors.where("organization", organizationId)) state.monitors.delete(monitor.id);
  for (const page of state.statusPages.where("organization", organizationId)) state.statusPages.delete(page.id);
  state.organizations.delete(organizationId);
}
