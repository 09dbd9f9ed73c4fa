import { CodedError } from "../../base/errors.ts";
import { AnswerError } from "../../glitchtip/answers.ts";
import type { GlitchTip } from "../../glitchtip/client.ts";
import { outcomeUnknown } from "../../glitchtip/patience.ts";
import type { Project } from "../../glitchtip/wire/shapes.ts";
import { findOrganization, findProject, identityOf } from "../../reconcile/identity.ts";
import type { Action } from "../../reconcile/plan.ts";
import type { ProvisionContext } from "./context.ts";

const LOOKS = 3;

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
          explainOrganization,
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
        store.setProject(action.name, identityOf(await theOlder(glitchtip, organization(), made)));
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

/** After an error whose outcome is unknown the server is asked first: what is there already is taken. */
export async function createOnce<T>(
  { clock, signal }: Pick<ProvisionContext, "clock" | "signal">,
  create: () => Promise<T>,
  look: () => Promise<T | undefined>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await create();
    } catch (error) {
      if (!outcomeUnknown(error)) throw error;
      await clock.sleep(500 * tries, signal);
      const found = await look();
      if (found !== undefined) return found;
      if (tries >= LOOKS) throw error;
    }
  }
}

/**
 * A duplicate name silently gets a number (`shop-2`, projects scenario): somebody made the same project meanwhile. Ours,
 * still empty, goes, and theirs is taken.
 */
async function theOlder(glitchtip: GlitchTip, organization: string, made: Project): Promise<Project> {
  if (!/-\d+$/.test(made.slug) || made.slug === made.name) return made;
  const same = (await glitchtip.projects(organization)).filter(({ name }) => name === made.name);
  const older = same.find(({ id }) => Number(id) < Number(made.id));
  if (older === undefined) return made;
  await glitchtip.deleteProject(organization, made.slug);
  return older;
}

function explainOrganization(error: unknown): never {
  if (!(error instanceof AnswerError) || error.code !== "GC1305") throw error;
  throw new CodedError("GC1402", `the organization cannot be made: ${error.said}`, {
    remedy:
      "Sign in as a superuser, or set ENABLE_ORGANIZATION_CREATION=true on the server, or declare the name of an existing organization.",
    cause: error,
  });
}
