import { CodedError } from "../base/errors.ts";
import type { GlitchTip } from "../glitchtip/client.ts";
import { createOnce, theOlder } from "../glitchtip/create-once.ts";
import { findOrganization, findProject, identityOf } from "../glitchtip/identity.ts";
import { explainRefusedOrganization } from "../glitchtip/refused-organization.ts";
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
  const findByName = async (name: string) => findProject(await glitchtip.projects(organization()), name, undefined);

  for (const action of actions) {
    switch (action.type) {
      case "create-organization": {
        const look = async () => findOrganization(await glitchtip.organizations(), action.name, undefined);
        const made = await createOnce(context, () => glitchtip.createOrganization(action.name), look).catch(
          explainRefusedOrganization,
        );
        store.setOrganization(identityOf(made));
        log.info(`made organization "${action.name}" (${made.slug}, id ${made.id})`);
        break;
      }
      case "create-team": {
        // A duplicate is a 500 (teams scenario): the look tells it from a failure.
        const look = async () => (await glitchtip.teams(organization())).find(({ slug }) => slug === action.slug);
        const made = await createOnce(context, () => glitchtip.createTeam(organization(), action.slug), look);
        log.info(`made team ${made.slug} (id ${made.id})`);
        break;
      }
      case "create-project": {
        const create = () => glitchtip.createProject(organization(), action.team, action);
        const made = await createOnce(context, create, () => findByName(action.name));
        const projects = () => glitchtip.projects(organization());
        const ours = await theOlder(made, projects, () => glitchtip.deleteProject(organization(), made.slug));
        store.setProject(action.name, identityOf(ours));
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
