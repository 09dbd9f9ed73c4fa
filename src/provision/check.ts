import type { Secret } from "../base/secret.ts";
import { type GlitchTip, openClient, openClientOf } from "../glitchtip/client.ts";
import { chooseKey } from "../glitchtip/identity.ts";
import { waitReady } from "../glitchtip/ready.ts";
import type { Session } from "../glitchtip/session.ts";
import { type DesiredOrganization, type ProvisioningAction, planProvisioning } from "../reconcile/index.ts";
import type { ProvisionContext, ProvisionRequest } from "./context.ts";
import { desiredOrganization } from "./desired.ts";
import { type Observed, observeFirst, rememberProjects } from "./observe.ts";
import { appOutputs } from "./provision.ts";
import { isTokenRefused, withGivenToken } from "./token.ts";

/** What a run of provisioning changes on the server, in its order, for people and for --json. */
export type ProvisionChange =
  | { readonly type: "create-organization"; readonly name: string }
  | { readonly type: "create-team"; readonly slug: string }
  | {
      readonly type: "create-project";
      readonly name: string;
      readonly team: string;
      readonly platform?: string | undefined;
    }
  | { readonly type: "link-team"; readonly project: string; readonly team: string }
  /** Without a token nothing more can be seen. */
  | { readonly type: "create-token" }
  | { readonly type: "create-key"; readonly project: string };

/** Returns the changes that an action makes. */
export function changesOfAction(action: ProvisioningAction): ProvisionChange[] {
  if (action.kind === "organization") return [{ type: "create-organization", name: action.name }];
  if (action.kind === "team") return [{ type: "create-team", slug: action.name }];
  if (action.type === "create") {
    const { name, team, platform } = action.desired;
    return [{ type: "create-project", name, team, platform }];
  }
  const { slug: project, linkTeams } = action.desired;
  return linkTeams.map((team) => ({ type: "link-team", project, team }));
}

export interface Checked {
  readonly changes: readonly ProvisionChange[];
  /** The server's version. */
  readonly version: string;
  /** The text of each app's env file, when every project and key is there: secrets. */
  readonly envFiles?: Readonly<Record<string, string>>;
}

/** A session of the admin, by which a check reads where no token of ours is there. */
export interface ReadingSession {
  open(): Promise<Pick<Session, "headers" | "signOut">>;
}

/**
 * Looks as `provisionServer` does and changes nothing. The context's store must not keep what is set. Without a token it
 * reads by a session where it may open one, else the token is all that it can tell.
 */
export async function checkProvision(
  context: ProvisionContext,
  request: ProvisionRequest,
  reading?: ReadingSession,
): Promise<Checked> {
  const desired = desiredOrganization(request.declaration);
  const settings = await waitReady({ ...context, deadlineMs: context.readyWithinMs });
  const version = settings.version ?? "unknown";
  const seen = (await look(context, desired)) ?? (reading && (await lookBySession(context, desired, reading)));
  if (seen === undefined) return { version, changes: [{ type: "create-token" }] };
  try {
    return { version, ...(await compare(context, request, desired, seen)) };
  } finally {
    // A session that was not ended ends by itself.
    await seen.end?.().catch(() => undefined);
  }
}

interface Seen {
  readonly glitchtip: GlitchTip;
  readonly observed: Observed;
  readonly end?: () => Promise<void>;
}

async function compare(
  context: ProvisionContext,
  request: ProvisionRequest,
  desired: DesiredOrganization,
  seen: Seen,
): Promise<Pick<Checked, "changes" | "envFiles">> {
  const { store } = context;
  rememberProjects(desired, seen.observed, store);
  const actions = planProvisioning(context.transport.baseUrl, desired, seen.observed, store.projects);
  const keys = await missingKeys(context, seen.glitchtip, desired, request.label);
  const changes = [...actions.flatMap(changesOfAction), ...keys];
  if (changes.length > 0) return { changes };
  const outputs = appOutputs(store, request);
  return { changes, envFiles: Object.fromEntries(outputs.map(({ app, envFile }) => [app, envFile])) };
}

/** Returns undefined when a new token is needed to look. */
async function look(context: ProvisionContext, desired: DesiredOrganization): Promise<Seen | undefined> {
  const { store } = context;
  const by = async (token: Secret) => {
    const glitchtip = openClient({ ...context, token });
    return { glitchtip, observed: await observeFirst(glitchtip, desired, context) };
  };
  const given = context.token?.();
  if (given !== undefined) return await withGivenToken(context, given, () => by(given));
  if (store.token === undefined) return undefined;
  try {
    return await by(store.token);
  } catch (error) {
    if (isTokenRefused(error)) return undefined;
    throw error;
  }
}

async function lookBySession(
  context: ProvisionContext,
  desired: DesiredOrganization,
  reading: ReadingSession,
): Promise<Seen> {
  const { headers, signOut: end } = await reading.open();
  const glitchtip = openClientOf(context, headers);
  return { glitchtip, observed: await observeFirst(glitchtip, desired, context), end };
}

/** Stores the keys of the projects that are there, and returns a change for each key that a run would create. */
async function missingKeys(
  { store }: ProvisionContext,
  glitchtip: GlitchTip,
  desired: DesiredOrganization,
  label: string,
): Promise<ProvisionChange[]> {
  const changes: ProvisionChange[] = [];
  for (const { name } of desired.projects) {
    const [organization, project] = [store.organization, store.projects[name]];
    if (organization === undefined || project === undefined) continue;
    const key = chooseKey(await glitchtip.keys(organization.slug, project.slug), project.keyId, label);
    if (key === undefined) changes.push({ type: "create-key", project: name });
    else store.setProject(name, { ...project, keyId: key.id, key: key.public });
  }
  return changes;
}
