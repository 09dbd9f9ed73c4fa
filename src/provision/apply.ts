import { CodedError } from "../base/errors.ts";
import type { GlitchTip } from "../glitchtip/client.ts";
import { createOrganizationOnce, createProjectOnce, createTeamOnce } from "../glitchtip/create-once.ts";
import { identityOf } from "../glitchtip/identity.ts";
import type { ProvisionContext } from "./context.ts";
import type { Action } from "./plan.ts";

/** Carries the actions out, storing each id as soon as it is known. A create is repeated only after a look. */
export async function applyActions(
  context: ProvisionContext,
  glitchtip: GlitchTip,
  actions: readonly Action[],
): Promise<void> {
  const { store, log } = context;
  const organization = () => {
    if (store.organization === undefined) throw new CodedError("GC1901", "no organization before its contents");
    return store.organization.slug;
  };

  for (const action of actions) {
    switch (action.type) {
      case "create-organization": {
        const calls = { list: glitchtip.organizations, create: glitchtip.createOrganization };
        const made = await createOrganizationOnce(context, calls, action.name);
        store.setOrganization(identityOf(made));
        log.info(`made organization "${action.name}" (${made.slug}, id ${made.id})`);
        break;
      }
      case "create-team": {
        const calls = { list: glitchtip.teams, create: glitchtip.createTeam };
        const made = await createTeamOnce(context, calls, organization(), action.slug);
        log.info(`made team ${made.slug} (id ${made.id})`);
        break;
      }
      case "create-project": {
        const { projects: list, createProject: create, deleteProject } = glitchtip;
        const calls = { list, create, delete: deleteProject };
        const { project } = await createProjectOnce(context, calls, organization(), action);
        store.setProject(action.name, identityOf(project));
        log.info(
          `made project "${action.name}" (${store.projects[action.name]?.slug}, id ${store.projects[action.name]?.id})`,
        );
        break;
      }
      case "link-team":
        await glitchtip.linkTeam(organization(), action.project, action.team);
        log.info(`gave team ${action.team} the project ${action.project}`);
    }
  }
}
