import { type DesiredServer, KINDS, type Kind } from "../../reconcile/index.ts";

/** The same as if these kinds were declared everywhere, empty where nothing is said: then what is there is told. */
export function widened<S>(desired: DesiredServer<S>, asked: ReadonlySet<Kind>): DesiredServer<S> {
  const list = <T>(kind: Kind, declared: readonly T[] | undefined): readonly T[] | undefined =>
    declared ?? (asked.has(kind) ? [] : undefined);
  return {
    ...desired,
    prune: false,
    manages: KINDS.filter((kind) => desired.manages.includes(kind) || asked.has(kind)),
    listsOrganizations: desired.listsOrganizations || asked.has("organization"),
    organizations: desired.organizations.map((organization) => ({
      ...organization,
      teams: list("team", organization.teams),
      members: list("member", organization.members),
      monitors: list("monitor", organization.monitors),
      statusPages: list("statusPage", organization.statusPages),
      listsProjects: organization.listsProjects || asked.has("project"),
      projects: organization.projects.map((project) => ({
        ...project,
        keys: list("key", project.keys),
        alerts: list("alert", project.alerts),
        monitors: list("monitor", project.monitors),
        ...(asked.has("alert") ? { onlyJiraAlert: undefined } : {}),
      })),
    })),
  };
}
