import { CodedError } from "../base/errors.ts";
import { AnswerError } from "./answers.ts";
import { findOrganization, findProject } from "./identity.ts";
import { createOnce, type RetryContext } from "./retry.ts";
import type { ManagedProject } from "./wire/managed.ts";
import type { Organization, Team } from "./wire/shapes.ts";

export function createOrganizationOnce(
  context: RetryContext,
  calls: { list(): Promise<Organization[]>; create(name: string): Promise<Organization> },
  name: string,
): Promise<Organization> {
  const look = async () => findOrganization(await calls.list(), name);
  return createOnce(context, () => calls.create(name), look).catch(explainRefusedOrganization);
}

/** Creates a team. A duplicate slug is answered with 500 (teams scenario), so `look` tells it from a failure. */
export function createTeamOnce(
  context: RetryContext,
  calls: {
    list(organization: string): Promise<Team[]>;
    create(organization: string, slug: string): Promise<Team>;
  },
  organization: string,
  slug: string,
): Promise<Team> {
  const look = async () => (await calls.list(organization)).find((team) => team.slug === slug);
  return createOnce(context, () => calls.create(organization, slug), look);
}

interface ProjectCreation {
  readonly name: string;
  readonly platform?: string | undefined;
}

/**
 * Creates a project. After an unknown outcome the server may have made half of it: the row without its team (run on 5.2,
 * docs/glitchtip-facts.md, "Projects"), so what is found gets what it lacks. `isOurs` is false where somebody else
 * created the same one meanwhile, which is then returned.
 */
export async function createProjectOnce(
  context: RetryContext,
  calls: {
    list(organization: string): Promise<ManagedProject[]>;
    create(organization: string, team: string, project: ProjectCreation): Promise<ManagedProject>;
    delete(organization: string, slug: string): Promise<void>;
    linkTeam(organization: string, slug: string, team: string): Promise<void>;
  },
  organization: string,
  { team, name, platform }: ProjectCreation & { readonly team: string },
): Promise<{ readonly project: ManagedProject; readonly isOurs: boolean }> {
  const all = () => calls.list(organization);
  const look = async () => {
    const found = findProject(await all(), name);
    if (found?.teams?.some(({ slug }) => slug === team) === false) await calls.linkTeam(organization, found.slug, team);
    return found;
  };
  const created = await createOnce(context, () => calls.create(organization, team, { name, platform }), look);
  const project = await theOlder(created, all, () => calls.delete(organization, created.slug));
  return { project, isOurs: project.id === created.id };
}

interface Numbered {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
}

/**
 * A duplicate name silently gets a number (`shop-2`, projects scenario): somebody created the same project meanwhile.
 * Ours, which is still empty, is deleted, and theirs is returned.
 */
async function theOlder<P extends Numbered>(
  made: P,
  projects: () => Promise<readonly P[]>,
  deleteOurs: () => Promise<void>,
): Promise<P> {
  if (!/-\d+$/.test(made.slug) || made.slug === made.name) return made;
  const same = (await projects()).filter(({ name }) => name === made.name);
  const older = same.find(({ id }) => Number(id) < Number(made.id));
  if (older === undefined) return made;
  await deleteOurs();
  return older;
}

/** Throws the error for an organization that was not created: nobody may do so, or the token lacks the scope (scopes scenario). */
export function explainRefusedOrganization(error: unknown): never {
  if (!(error instanceof AnswerError) || error.code !== "GC1305" || /permission denied/i.test(error.said)) throw error;
  throw new CodedError("GC1402", `the organization cannot be created: ${error.said}`, {
    remedy:
      "Sign in as a superuser, or set ENABLE_ORGANIZATION_CREATION=true on the server, or declare the name of an existing organization.",
    cause: error,
  });
}
