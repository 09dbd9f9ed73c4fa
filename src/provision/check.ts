import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import { type GlitchTip, openClient } from "../glitchtip/client.ts";
import { chooseKey } from "../glitchtip/identity.ts";
import { waitReady } from "../glitchtip/ready.ts";
import { appOutputs } from "./app-outputs.ts";
import type { ProvisionContext } from "./context.ts";
import { type Desired, desiredOf } from "./desired.ts";
import { withGivenToken } from "./given-token.ts";
import { observeFirst, rememberProjects, type Situation } from "./observe.ts";
import { type Action, planProvision } from "./plan.ts";
import type { ProvisionInput } from "./provision.ts";

/** What a run would change on the server, in its order. */
export type Change =
  | Action
  /** Without a token nothing more can be seen. */
  | { readonly type: "create-token" }
  | { readonly type: "create-key"; readonly project: string };

export interface Checked {
  readonly changes: readonly Change[];
  readonly version: string;
  /** By app, where every project and key is there: secrets. */
  readonly envFiles?: Readonly<Record<string, string>>;
}

/** Looks as `provision` does and changes nothing; its store must be one that does not keep. */
export async function checkProvision(context: ProvisionContext, input: ProvisionInput): Promise<Checked> {
  const desired = desiredOf(input.declaration);
  const settings = await waitReady({ ...context, deadlineMs: context.readyWithinMs });
  const version = settings.version ?? "unknown";
  const seen = await look(context, desired);
  if (seen === undefined) return { version, changes: [{ type: "create-token" }] };
  rememberProjects(desired, seen.situation.projects, context.store);
  const actions = planProvision(desired, seen.situation, context.store);
  const keys = await missingKeys(context, seen.glitchtip, desired, input.label);
  const changes = [...actions, ...keys];
  if (changes.length > 0) return { version, changes };
  const outputs = appOutputs(context.store, input);
  return { version, changes, envFiles: Object.fromEntries(outputs.map(({ app, envFile }) => [app, envFile])) };
}

/** Undefined where only a new token would do. */
async function look(
  context: ProvisionContext,
  desired: Desired,
): Promise<{ glitchtip: GlitchTip; situation: Situation } | undefined> {
  const { store } = context;
  const by = async (token: Secret) => {
    const glitchtip = openClient({ ...context, token });
    return { glitchtip, situation: await observeFirst(glitchtip, desired, store) };
  };
  const given = context.token?.();
  if (given !== undefined) return await withGivenToken(context, given, () => by(given));
  if (store.token === undefined) return undefined;
  try {
    return await by(store.token);
  } catch (error) {
    if (error instanceof CodedError && (error.code === "GC1304" || error.code === "GC1305")) return undefined;
    throw error;
  }
}

/** The keys of projects that are there are remembered; one that a run would make is told. */
async function missingKeys(
  { store }: ProvisionContext,
  glitchtip: GlitchTip,
  desired: Desired,
  label: string,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const { name } of desired.projects) {
    const [organization, project] = [store.organization, store.projects[name]];
    if (organization === undefined || project === undefined) continue;
    const key = chooseKey(await glitchtip.keys(organization.slug, project.slug), project.keyId, label);
    if (key === undefined) changes.push({ type: "create-key", project: name });
    else store.setProject(name, { ...project, keyId: key.id, key: key.public });
  }
  return changes;
}
