import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import type { Audience } from "../config/audience.ts";
import type { ProvisionDeclaration } from "../config/provision-input.ts";
import { superuserOf } from "../config/server.ts";
import { openClient } from "../glitchtip/client.ts";
import { rotatingIn } from "../glitchtip/identity.ts";
import { waitReady } from "../glitchtip/ready.ts";
import type { Status } from "../outputs/dsn-volume.ts";
import { appOutputs } from "./app-outputs.ts";
import { applyActions } from "./apply.ts";
import type { ProvisionContext } from "./context.ts";
import { desiredOf } from "./desired.ts";
import { withGivenToken } from "./given-token.ts";
import { ensureKeys } from "./keys.ts";
import { observe, observeFirst, rememberProjects, type Situation } from "./observe.ts";
import { type Action, planProvision } from "./plan.ts";
import { obtainToken } from "./token.ts";

export interface ProvisionInput {
  readonly declaration: ProvisionDeclaration;
  /** Where each audience reaches the server. */
  readonly baseUrls: Readonly<Record<Audience, string>>;
  /** The name of our API token and of keys we make. */
  readonly label: string;
  /** Of the token alone, where two places provision the same server: each keeps its own. */
  readonly tokenLabel?: string;
}

export interface ProvisionResult {
  /** What had to be made on the server, keys aside. */
  readonly changes: readonly Action[];
  /** Env file contents by app: secrets. */
  readonly envFiles: Readonly<Record<string, string>>;
  readonly status: Status;
  /** Set where the DSNs are good and something else is not: they are to be published, and the run has failed. */
  readonly problem?: CodedError;
}

/**
 * Waits for the server, makes what is missing of the declaration, proves the DSNs. Writes its memory as it goes; the
 * caller publishes the result and holds the lock. With nothing to change: 2 requests and 1 a project, no write.
 */
export async function provision(context: ProvisionContext, input: ProvisionInput): Promise<ProvisionResult> {
  const { declaration } = input;
  const desired = desiredOf(declaration);
  const settings = await waitReady({ ...context, deadlineMs: context.readyWithinMs });
  const { token, situation } = await enter(context, input);
  rememberProjects(desired, situation.projects, context.store);
  const glitchtip = openClient({ ...context, token });
  const changes = planProvision(desired, situation, context.store);
  await applyActions(context, glitchtip, changes);
  const problem = await ensureKeys(context, token, desired, input.label);
  const organization = context.store.organization?.slug;
  const rotating = rotatingIn(context.store);
  const apps = appOutputs(context.store, input);
  return {
    changes,
    envFiles: Object.fromEntries(apps.map(({ app, envFile }) => [app, envFile])),
    status: {
      version: 1,
      state: problem === undefined ? "ok" : "degraded",
      server: { version: settings.version ?? "unknown" },
      ...(organization === undefined ? {} : { organization }),
      apps: Object.fromEntries(apps.map(({ app, status }) => [app, status])),
      ...(problem === undefined ? {} : { error: { code: problem.code, message: problem.message } }),
      ...(rotating.length === 0 ? {} : { rotating }),
    },
    ...(problem === undefined ? {} : { problem }),
  };
}

/** With the stored token where it still works, else by signing in. */
async function enter(
  context: ProvisionContext,
  input: ProvisionInput,
): Promise<{ token: Secret; situation: Situation }> {
  const { store, log } = context;
  const desired = desiredOf(input.declaration);
  const given = context.token?.();
  if (given !== undefined) {
    const look = () => observeFirst(openClient({ ...context, token: given }), desired, store);
    return { token: given, situation: await withGivenToken(context, given, look) };
  }
  if (store.token !== undefined) {
    const glitchtip = openClient({ ...context, token: store.token });
    try {
      return { token: store.token, situation: await observeFirst(glitchtip, desired, store) };
    } catch (error) {
      // 403: an earlier version asked for fewer scopes.
      if (!(error instanceof CodedError) || (error.code !== "GC1304" && error.code !== "GC1305")) throw error;
      log.info("the stored API token is no longer accepted; signing in");
    }
  }
  const account = { email: superuserOf(input.declaration).email, label: input.tokenLabel ?? input.label };
  const token = await obtainToken(context, account);
  const glitchtip = openClient({ ...context, token });
  return { token, situation: await observe(glitchtip, desired, store) };
}
