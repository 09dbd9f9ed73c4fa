import { CodedError } from "../base/errors.ts";
import type { ProjectChange } from "../glitchtip/calls/structure.ts";
import { createOrganizationOnce, createProjectOnce, createTeamOnce } from "../glitchtip/create-once.ts";
import { identityOf } from "../glitchtip/identity.ts";
import { createOnce } from "../glitchtip/retry.ts";
import type { ManagedProject } from "../glitchtip/wire/managed.ts";
import type { ProjectCreate } from "../reconcile/index.ts";
import { type ActionOn, type AppliedNote, type ApplyAction, type ApplyRun, isGone } from "./apply-context.ts";

export const applyOrganization: ApplyAction<"organization"> = async (run, action) => {
  const { calls, addresses, store } = run;
  switch (action.type) {
    case "create": {
      const { name } = action.desired;
      const made = await createOrganizationOnce(run, calls.organizations, name);
      store.setOrganization(action.organization, identityOf(made));
      addresses.madeOrganization(action.organization, made.slug);
      return {};
    }
    case "update": {
      const before = await calls.organizations.get(addresses.organization(action));
      await calls.organizations.rename(before, action.desired.name);
      return {};
    }
    case "delete": {
      // The slug may belong to another organization by now, so the id decides.
      const found = (await calls.organizations.list()).find(({ id }) => id === action.id);
      if (found === undefined) return { note: "no longer existed" };
      await calls.organizations.delete(found.slug);
      return {};
    }
  }
};

export const applyTeam: ApplyAction<"team"> = async (run, action) => {
  const { calls, addresses, store } = run;
  const organization = addresses.organization(action);
  switch (action.type) {
    case "create": {
      const { slug } = action.desired;
      const made = await createTeamOnce(run, calls.teams, organization, slug);
      store.setTeam(action.organization, slug, made.id);
      return {};
    }
    case "update":
      await calls.teams.rename(organization, action.slug ?? action.name, action.desired.slug);
      return {};
    case "delete": {
      // The team may have been renamed, so the id decides.
      const found = (await calls.teams.list(organization)).find(({ id }) => id === action.id);
      if (found === undefined) return { note: "no longer existed" };
      await calls.teams.delete(organization, found.slug);
      return {};
    }
  }
};

export const applyProject: ApplyAction<"project"> = async (run, action) => {
  const { calls, addresses } = run;
  const organization = addresses.organization(action);
  switch (action.type) {
    case "create":
      return await create(run, organization, action, action.desired);
    case "update":
      return await update(run, organization, action);
    case "delete": {
      const found = await findById(run, organization, action.slug ?? action.name, action.id);
      if (found === undefined) return { note: "no longer existed" };
      await calls.projects.delete(organization, found.slug);
      return {};
    }
  }
};

/** The POST accepts neither a throttle nor a slug, so a PUT follows (projects scenario). */
async function create(
  run: ApplyRun,
  organization: string,
  action: ActionOn<"project">,
  { key, name, slug, team, platform, throttle }: ProjectCreate,
): Promise<AppliedNote> {
  const { calls, addresses, store } = run;
  const created = await createProjectOnce(run, calls.projects, organization, { team, name, platform });
  let { project } = created;
  const keep = () => {
    store.setProject(action.organization, key, identityOf(project));
    addresses.hasProject(action.organization, action.project ?? "", project);
  };
  keep();
  if (slug !== undefined || throttle) {
    const change = {
      name,
      slug: slug ?? project.slug,
      platform: platform ?? project.platform,
      eventThrottleRate: throttle,
    };
    project = await put(run, organization, project, change);
    keep();
  }
  return created.isOurs ? {} : { note: "it was created in the meantime by somebody else; that one is used" };
}

async function update(
  run: ApplyRun,
  organization: string,
  action: Extract<ActionOn<"project">, { readonly type: "update" }>,
): Promise<AppliedNote> {
  const { calls, addresses } = run;
  const { name, slug, platform, throttle, linkTeams } = action.desired;
  const before = await findById(run, organization, addresses.project(action).slug, action.id);
  if (before === undefined) {
    throw new CodedError("GC1209", `project "${action.name}" (id ${action.id}) is gone`, {
      remedy: "Plan again: what is declared of it will be created again.",
    });
  }
  let address = before;
  if (action.changes.some(({ field }) => field !== "teams")) {
    // A slug that the plan does not change keeps its current value.
    const moves = action.changes.some(({ field }) => field === "slug");
    const change = { name, slug: (moves ? slug : undefined) ?? before.slug, platform, eventThrottleRate: throttle };
    address = await put(run, organization, before, change);
    addresses.hasProject(action.organization, action.project ?? "", address);
  }
  for (const team of linkTeams) await calls.projects.linkTeam(organization, address.slug, team);
  return {};
}

/** Returns the project with its new slug. After an unknown outcome the id tells whether the update arrived. */
async function put(
  run: ApplyRun,
  organization: string,
  before: ManagedProject,
  change: ProjectChange,
): Promise<ManagedProject> {
  const { calls } = run;
  const { id, slug } = before;
  // With the same slug the call is idempotent and retries by itself.
  if (change.slug === slug) return await calls.projects.update(organization, before, change);
  const look = async () =>
    (await calls.projects.list(organization)).find((one) => one.id === id && one.slug === change.slug);
  return await createOnce(run, () => calls.projects.update(organization, before, change), look);
}

/** Finds the project by id: a slug may change or go to another project. */
async function findById(
  { calls }: ApplyRun,
  organization: string,
  slug: string,
  id: string,
): Promise<ManagedProject | undefined> {
  try {
    const found = await calls.projects.get(organization, slug);
    if (found.id === id) return found;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  const moved = (await calls.projects.list(organization)).find((project) => project.id === id);
  return moved && (await calls.projects.get(organization, moved.slug));
}
