import type { Snapshot } from "./options.ts";
import type { EmulatorState } from "./state.ts";

/** Returns the state as plain objects, without secrets. */
export function snapshotOf(state: EmulatorState): Snapshot {
  const organization = (id: number) => state.organizations.get(id)?.slug ?? "";
  const project = (id: number) => state.projects.get(id)?.slug ?? "";
  return {
    organizations: [...state.organizations.all()].map(({ id, slug, name }) => ({ id, slug, name })),
    teams: [...state.teams.all()].map(({ id, slug, organizationId }) => ({
      id,
      organization: organization(organizationId),
      slug,
    })),
    projects: [...state.projects.all()].map(({ id, slug, name, platform, ...row }) => ({
      id,
      organization: organization(row.organizationId),
      slug,
      name,
      platform,
      teams: row.teamIds.map((teamId) => state.teams.get(teamId)?.slug ?? ""),
      deleted: row.deletedAtMs !== null,
    })),
    keys: [...state.keys.all()].map(({ projectId, name, publicKey }) => ({
      project: project(projectId),
      name,
      publicKey,
    })),
    tokens: [...state.tokens.all()].map(({ label, scopes }) => ({ label, scopes })),
    events: [...state.events.all()].map(({ eventId, projectId, issueId }) => ({
      eventId,
      project: project(projectId),
      title: state.issues.get(issueId)?.title ?? "",
    })),
    issues: [...state.issues.all()]
      .filter((issue) => issue.deletedAtMs === null)
      .map(({ id, projectId, title, status, count }) => ({ id, project: project(projectId), title, status, count })),
    alerts: [...state.alerts.all()].map(({ projectId, name, recipients }) => ({
      project: project(projectId),
      name,
      recipients: recipients.length,
    })),
    monitors: [...state.monitors.all()].map(({ organizationId, name, monitorType }) => ({
      organization: organization(organizationId),
      name,
      type: monitorType,
    })),
    members: [...state.members.all()].map(({ organizationId, userId, email, role }) => ({
      organization: organization(organizationId),
      email: (userId === null ? email : state.users.get(userId)?.email) ?? "",
      role,
    })),
    pendingEvents: state.pending.size,
  };
}
