import { CodedError } from "../base/errors.ts";
import type { GlitchTip } from "../glitchtip/client.ts";
import { createOrganizationOnce, createProjectOnce, createTeamOnce } from "../glitchtip/create-once.ts";
import { identityOf } from "../glitchtip/identity.ts";
import type { ProvisioningAction } from "../reconcile/index.ts";
import type { ProvisionContext } from "./context.ts";

/** Executes the actions in their order, and stores each id as soon as it is known. */
export async function applyProvisioning(
  context: ProvisionContext,
  glitchtip: GlitchTip,
  actions: readonly ProvisioningAction[],
): Promise<void> {
  for (const action of actions) await applyOne(context, glitchtip, action);
}

async function applyOne(context: ProvisionContext, glitchtip: GlitchTip, action: ProvisioningAction): Promise<void> {
  const { store, log } = context;
  if (action.kind === "organization") {
    const calls = { list: glitchtip.organizations, create: glitchtip.createOrganization };
    const created = await createOrganizationOnce(context, calls, action.name);
    store.setOrganization(identityOf(created));
    log.info(`created organization "${action.name}" (${created.slug}, id ${created.id})`);
    return;
  }
  if (store.organization === undefined) throw new CodedError("GC1901", "no organization before its contents");
  const organization = store.organization.slug;
  if (action.kind === "team") {
    const calls = { list: glitchtip.teams, create: glitchtip.createTeam };
    const created = await createTeamOnce(context, calls, organization, action.name);
    log.info(`created team ${created.slug} (id ${created.id})`);
  } else if (action.type === "create") {
    const { projects: list, createProject: create, deleteProject, linkTeam } = glitchtip;
    const calls = { list, create, delete: deleteProject, linkTeam };
    const { project } = await createProjectOnce(context, calls, organization, action.desired);
    store.setProject(action.name, identityOf(project));
    log.info(`created project "${action.name}" (${project.slug}, id ${project.id})`);
  } else {
    const { slug, linkTeams } = action.desired;
    for (const team of linkTeams) {
      await glitchtip.linkTeam(organization, slug, team);
      log.info(`linked team ${team} to project ${slug}`);
    }
  }
}
