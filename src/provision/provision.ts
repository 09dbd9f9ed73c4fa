import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import { provisionedApps } from "../config/app-sources.ts";
import { variablesOf } from "../config/framework-presets.ts";
import { superuserOf } from "../config/server.ts";
import { openClient } from "../glitchtip/client.ts";
import type { DsnParts } from "../glitchtip/dsn.ts";
import { composeDsn } from "../glitchtip/dsn.ts";
import { type Known, rotatingIn } from "../glitchtip/identity.ts";
import { waitReady } from "../glitchtip/ready.ts";
import type { AppStatus, Status } from "../outputs/dsn-volume.ts";
import { renderEnvFile } from "../outputs/env-file.ts";
import { type DesiredOrganization, type ProvisioningAction, planProvisioning } from "../reconcile/index.ts";
import { applyProvisioning } from "./apply.ts";
import type { ProvisionContext, ProvisionRequest } from "./context.ts";
import { desiredOrganization, projectName } from "./desired.ts";
import { ensureKeys } from "./keys.ts";
import { type Observed, observe, observeFirst, rememberProjects } from "./observe.ts";
import { isTokenRefused, obtainToken, withGivenToken } from "./token.ts";

export interface ProvisionResult {
  /** What was created on the server, except for keys. */
  readonly actions: readonly ProvisioningAction[];
  /** The text of each app's env file: secrets. */
  readonly envFiles: Readonly<Record<string, string>>;
  readonly status: Status;
  /** The run has failed, but its DSNs are good and have to be published. */
  readonly problem?: CodedError;
}

/**
 * Waits for the server, creates what is missing of the declaration, and proves the DSNs. It stores what it finds as it
 * goes; the caller holds the lock and publishes the result. With nothing to change it sends two requests, and one for
 * each project, and writes nothing.
 */
export async function provisionServer(context: ProvisionContext, request: ProvisionRequest): Promise<ProvisionResult> {
  const { store } = context;
  const desired = desiredOrganization(request.declaration);
  const settings = await waitReady({ ...context, deadlineMs: context.readyWithinMs });
  const { token, observed } = await enter(context, request, desired);
  rememberProjects(desired, observed, store);
  const glitchtip = openClient({ ...context, token });
  const actions = planProvisioning(context.transport.baseUrl, desired, observed, store.projects);
  await applyProvisioning(context, glitchtip, actions);
  const problem = await ensureKeys(context, token, desired, request.label);
  const apps = appOutputs(store, request);
  const rotating = rotatingIn(store);
  return {
    actions,
    envFiles: Object.fromEntries(apps.map(({ app, envFile }) => [app, envFile])),
    status: {
      version: 1,
      state: problem === undefined ? "ok" : "degraded",
      server: { version: settings.version ?? "unknown" },
      ...defined({ organization: store.organization?.slug, provedAt: store.provedAt }),
      apps: Object.fromEntries(apps.map(({ app, status }) => [app, status])),
      ...defined({
        error: problem && { code: problem.code, message: problem.message },
        rotating: rotating.length === 0 ? undefined : rotating,
      }),
    },
    ...defined({ problem }),
  };
}

/** Looks at the server with the stored token if it still works, else with one from a sign-in. */
async function enter(
  context: ProvisionContext,
  { declaration, label, tokenLabel = label }: ProvisionRequest,
  desired: DesiredOrganization,
): Promise<{ readonly token: Secret; readonly observed: Observed }> {
  const { store, log } = context;
  const look = (token: Secret) => observeFirst(openClient({ ...context, token }), desired, context);
  const given = context.token?.();
  if (given !== undefined) {
    return { token: given, observed: await withGivenToken(context, given, () => look(given)) };
  }
  if (store.token !== undefined) {
    try {
      return { token: store.token, observed: await look(store.token) };
    } catch (error) {
      if (!isTokenRefused(error)) throw error;
      log.info("the stored API token is no longer accepted; signing in");
    }
  }
  const token = await obtainToken(context, { email: superuserOf(declaration).email, label: tokenLabel });
  return { token, observed: await observe(openClient({ ...context, token }), desired, context) };
}

/** What one app gets. */
interface AppOutput {
  readonly app: string;
  readonly status: AppStatus;
  /** The text of the file, a secret. */
  readonly envFile: string;
}

/** Returns the DSNs of every app, made from the projects and keys that are known now. */
export function appOutputs(
  { projects }: Pick<Known, "projects">,
  { declaration, baseUrls }: Pick<ProvisionRequest, "declaration" | "baseUrls">,
): AppOutput[] {
  return Object.entries(provisionedApps(declaration)).map(([app, declared]) => {
    const variables = variablesOf(declared);
    const known = projects[projectName(declaration, declared.project)];
    if (known?.key === undefined) throw new CodedError("GC1901", `app ${app}: its project has no key`);
    const parts: DsnParts = { key: known.key, projectId: known.id };
    const dsns = variables.map(({ name, audience }) => [name, composeDsn(baseUrls[audience], parts)] as const);
    const status: AppStatus = {
      project: known.slug,
      projectId: known.id,
      variables: Object.fromEntries(variables.map(({ name, audience }) => [name, audience])),
      dsn: known.proved ? "proved" : "accepted",
    };
    return { app, status, envFile: renderEnvFile(Object.fromEntries(dsns)) };
  });
}
