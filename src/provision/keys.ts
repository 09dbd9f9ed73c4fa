import { linkSignals } from "../base/abort.ts";
import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import { type GlitchTip, openClient } from "../glitchtip/client.ts";
import { chooseKey, type KnownProject } from "../glitchtip/identity.ts";
import { limitInFlight } from "../glitchtip/limiter.ts";
import { createOnce } from "../glitchtip/retry.ts";
import type { DesiredOrganization } from "../reconcile/index.ts";
import type { ProvisionContext } from "./context.ts";
import { proveByEvent, proveKnown } from "./prove.ts";

/** A web worker answers two requests at a time; more only add latency (docs/glitchtip-facts.md, "Load and memory"). */
const MAX_IN_FLIGHT = 2;

/**
 * Gives every project a key that is known to work. All projects are proved at once, because most of a proof is waiting
 * for the worker's next batch. Returns a problem that leaves the DSNs good, such as a worker that does not store events.
 * Throws when a project is left without a key.
 */
export async function ensureKeys(
  context: ProvisionContext,
  token: Secret,
  desired: DesiredOrganization,
  label: string,
): Promise<CodedError | undefined> {
  using linked = linkSignals([context.signal]);
  const limited = { ...context, signal: linked.signal, transport: limitInFlight(context.transport, MAX_IN_FLIGHT) };
  const glitchtip = openClient({ ...limited, token });
  const provedBefore = context.store.provedAt;
  const problems = await Promise.allSettled(
    desired.projects.map(({ name }) =>
      ensureKey(limited, glitchtip, name, label).catch((error: unknown) => {
        linked.abort(error);
        throw error;
      }),
    ),
  );
  context.signal.throwIfAborted();
  linked.signal.throwIfAborted();
  const problem = problems.flatMap((settled) => (settled.status === "fulfilled" ? (settled.value ?? []) : []))[0];
  const isProved = () => context.store.provedAt !== provedBefore;
  if (problem !== undefined || (!isProved() && !needsProof(context))) return problem;
  const lost = isProved() ? undefined : await proveWorker(context, glitchtip, desired);
  if (isProved() && context.databaseRun !== undefined) context.store.setProvedRun(context.databaseRun);
  return lost;
}

/** Whether the worker may have stopped storing events since the last proof, although every key is accepted. */
const needsProof = ({ provesWorker, databaseRun, store }: ProvisionContext): boolean =>
  provesWorker === true || (databaseRun !== undefined && databaseRun !== store.provedRun);

/**
 * Proves the worker by one event to the first project. Returns the problem where the event is not stored: then the DSN
 * counts as not proved, so that the next run sends an event again.
 */
async function proveWorker(
  context: ProvisionContext,
  glitchtip: GlitchTip,
  { projects: [first] }: DesiredOrganization,
): Promise<CodedError | undefined> {
  const { store } = context;
  const project = first && store.projects[first.name];
  if (first === undefined || project?.key === undefined || store.organization === undefined) return undefined;
  const keyed = { ...project, key: project.key };
  store.setProject(first.name, { ...keyed, proved: false });
  return await proveKey(context, glitchtip, store.organization.slug, first.name, keyed);
}

async function ensureKey(
  context: ProvisionContext,
  glitchtip: GlitchTip,
  name: string,
  label: string,
): Promise<CodedError | undefined> {
  const { store, log } = context;
  const organization = store.organization?.slug;
  const project = store.projects[name];
  if (organization === undefined || project === undefined)
    throw new CodedError("GC1901", `project "${name}" was not created`);
  if (project.key !== undefined && project.proved) {
    const proof = await proveKnown(context, { key: project.key, projectId: project.id });
    if (proof === "accepted") return undefined;
    if (proof === "throttled") {
      log.warn(`project ${project.slug}: the server accepts no events for now (throttled); the DSN is valid`);
      return undefined;
    }
    log.info(`project ${project.slug}: the server refuses the key of the last run; reading its keys`);
  }
  const keyed = await withKey(context, glitchtip, organization, project, label);
  if (keyed.proved) {
    log.warn(
      `project ${project.slug}: its key exists but is refused for now, because some application still uses a deleted key`,
    );
    return undefined;
  }
  store.setProject(name, keyed);
  return await proveKey(context, glitchtip, organization, name, keyed);
}

/** Proves a key by an event that is read back. Returns a problem that leaves the DSN good. */
async function proveKey(
  context: ProvisionContext,
  glitchtip: GlitchTip,
  organization: string,
  name: string,
  keyed: KnownProject & { readonly key: string },
): Promise<CodedError | undefined> {
  const { store, log, clock } = context;
  const address = { organization, project: keyed.slug };
  try {
    const tookMs = await proveByEvent(context, glitchtip, address, { key: keyed.key, projectId: keyed.id });
    store.setProject(name, { ...keyed, proved: true });
    store.setProvedAt(new Date(clock.now()).toISOString());
    log.info(`project ${keyed.slug}: an event went through server and worker in ${tookMs} ms`);
    return undefined;
  } catch (error) {
    // The server lists this key, so the DSN is good: no event came through, or none is taken just now (throttled).
    if (error instanceof CodedError && (error.code === "GC1405" || error.code === "GC1207")) return error;
    throw error;
  }
}

/** Returns the project with the key that it has, or with a new one. */
async function withKey(
  context: ProvisionContext,
  glitchtip: GlitchTip,
  organization: string,
  project: KnownProject,
  label: string,
): Promise<KnownProject & { readonly key: string }> {
  const look = async () => chooseKey(await glitchtip.keys(organization, project.slug), project.keyId, label);
  const found = await look();
  const key = found ?? (await createOnce(context, () => glitchtip.createKey(organization, project.slug, label), look));
  if (found === undefined) context.log.info(`project ${project.slug}: created a key (${label})`);
  return { ...project, keyId: key.id, key: key.public, proved: key.id === project.keyId && project.proved };
}
