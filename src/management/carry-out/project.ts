import { CodedError } from "../../base/errors.ts";
import type { ProjectChange } from "../../glitchtip/calls/projects.ts";
import { createOnce, createProjectOnce } from "../../glitchtip/create-once.ts";
import { identityOf } from "../../glitchtip/identity.ts";
import type { ManagedProject } from "../../glitchtip/wire/managed.ts";
import type { ProjectCreate } from "../../reconcile/index.ts";
import { type ActionOn, type CarryOut, type Done, isGone, type Run } from "./run.ts";

export const carryOutProject: CarryOut<"project"> = async (run, action) => {
  const { calls, addresses } = run;
  const organization = addresses.organization(action);
  switch (action.type) {
    case "create":
      return await create(run, organization, action, action.desired);
    case "update":
      return await update(run, organization, action);
    case "delete": {
      const found = await findById(run, organization, action.slug ?? action.name, action.id);
      if (found === undefined) return { note: "was gone already" };
      await calls.projects.delete(organization, found.slug);
      return {};
    }
  }
};

/** Neither throttle nor a slug of its own is taken by the POST: a PUT follows (projects scenario). */
async function create(
  run: Run,
  organization: string,
  action: ActionOn<"project">,
  { key, name, slug, team, platform, throttle }: ProjectCreate,
): Promise<Done> {
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
  return created.isOurs ? {} : { note: "somebody made it meanwhile; theirs is taken" };
}

async function update(
  run: Run,
  organization: string,
  action: Extract<ActionOn<"project">, { readonly type: "update" }>,
): Promise<Done> {
  const { calls, addresses } = run;
  const { name, slug, platform, throttle, linkTeams } = action.desired;
  const before = await findById(run, organization, addresses.project(action).slug, action.id);
  if (before === undefined) {
    throw new CodedError("GC1209", `project "${action.name}" (id ${action.id}) is gone`, {
      remedy: "Plan again: what is declared of it will be made anew.",
    });
  }
  let address = before;
  if (action.changes.some(({ field }) => field !== "teams")) {
    // An address that the plan does not change is left as it is now.
    const moves = action.changes.some(({ field }) => field === "slug");
    const change = { name, slug: (moves ? slug : undefined) ?? before.slug, platform, eventThrottleRate: throttle };
    address = await put(run, organization, before, change);
    addresses.hasProject(action.organization, action.project ?? "", address);
  }
  for (const team of linkTeams) await calls.projects.linkTeam(organization, address.slug, team);
  return {};
}

type Standing = Pick<ManagedProject, "id" | "slug">;

/** With its new address, where it got one: after an unknown outcome it is known by its id. */
async function put(
  run: Run,
  organization: string,
  { id, slug }: Standing,
  change: ProjectChange,
): Promise<ManagedProject> {
  const { calls } = run;
  // The same address: the call repeats itself.
  if (change.slug === slug) return await calls.projects.update(organization, slug, change);
  const look = async () =>
    (await calls.projects.list(organization)).find((one) => one.id === id && one.slug === change.slug);
  return await createOnce(run, () => calls.projects.update(organization, slug, change), look);
}

/** Addresses move and are given to others, ids do not. */
async function findById({ calls }: Run, organization: string, slug: string, id: string): Promise<Standing | undefined> {
  try {
    const found = await calls.projects.get(organization, slug);
    if (found.id === id) return found;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return (await calls.projects.list(organization)).find((project) => project.id === id);
}
