import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import { providedName, providerOf, providersOf } from "../config/app-sources.ts";
import { KEY_LABEL } from "../config/defaults.ts";
import { variablesOf } from "../config/framework-presets.ts";
import type { AppDeclaration, Declaration } from "../config/schema.ts";
import { serverKind } from "../config/server.ts";
import type { DsnParts } from "../glitchtip/dsn.ts";
import { composeDsn } from "../glitchtip/dsn.ts";
import { openTransport } from "../glitchtip/transport.ts";
import { openHttp } from "../http/client.ts";
import { writeAppEnvFiles } from "../outputs/app-env-files.ts";
import { composeEnvFile, renderEnvFile } from "../outputs/env-file.ts";
import { acquireLock } from "../outputs/lock.ts";
import { openPrivateFolder, readablePrivateFolder } from "../outputs/private-folder.ts";
import { openStateStore, type StateStore } from "../outputs/state-store.ts";
import { openReferences } from "../references/resolver.ts";
import { ENV_FOLDER } from "../stack/managed-files.ts";
import { projectName } from "./desired.ts";
import { provisionServer } from "./provision.ts";

export interface ProviderContext {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The name of our API token and of keys that we create. */
  readonly label?: string;
}

/** Meanwhile Compose shows only our lines, and starts no container. */
const READY_WITHIN_MS = 60_000;
const PROOF_WITHIN_MS = 60_000;

/**
 * Returns the variables that Compose passes to the apps of a provider service, without the prefix that it adds. When the
 * server does not answer, the last good DSNs are returned with a warning.
 */
export async function providedVariables(
  context: ProviderContext,
  declaration: Declaration,
  service: string,
): Promise<Readonly<Record<string, string>>> {
  const { dir, log, clock, signal } = context;
  const only = declarationFor(declaration, service);
  const { url } = only.server;
  if (serverKind(only) !== "existing" || url === undefined) {
    throw new CodedError(
      "GC1101",
      "a Compose provider runs before any container: it can only ask a GlitchTip that runs already",
      {
        remedy: "State server.url without server.image in glitchtip.yaml, or remove `inject: provider`.",
      },
    );
  }
  const folder = openPrivateFolder(dir, "provider");
  await using _lock = await acquireLock(folder, {
    clock,
    signal,
    log,
    deadlineMs: READY_WITHIN_MS,
    holder: "provider",
    remedy: "Wait for the other docker compose up, or stop it.",
  });
  const store = openStateStore(folder);
  try {
    await runProvision(context, only, url, store);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CodedError)) throw error;
    const known = storedVariables(only, store, url);
    const mayStart = Object.values(only.apps).every(({ onFailure = only.onFailure }) => onFailure !== "block");
    if (known === undefined && !mayStart) throw error;
    log.warn(
      `${error.message}; ${known === undefined ? "the apps start without reporting" : "the last good DSN stays"}`,
    );
    return known ?? storedVariables(only, store, url, "") ?? {};
  }
  const found = storedVariables(only, store, url);
  if (found === undefined) throw new CodedError("GC1901", `service ${service}: its project has no key`);
  return found;
}

/**
 * Writes what a provider hands to the apps of `service` into their env files as well. Compose 5 compares a service as it
 * is before its provider ran with the one that it created after it; without these files each `up` would recreate the app
 * (seen with 5.6.0). `exactNames` says that this Compose passes variables without a prefix, too. Returns the apps whose
 * file had other values: Compose 5 recreates them by the next `up` only.
 */
export function writeProvidedEnv(
  dir: string,
  declaration: Declaration,
  { service, variables, exactNames }: ProvidedVariables,
): readonly string[] {
  const all = Object.entries(variables).flatMap(([name, value]) => [
    [providedName(service, name), value],
    ...(exactNames ? [[name, value]] : []),
  ]);
  const content = composeEnvFile(renderEnvFile(Object.fromEntries(all)));
  const { apps } = declarationFor(declaration, service);
  const contents = Object.fromEntries(Object.keys(apps).map((app) => [app, content]));
  const changed = writeAppEnvFiles(join(dir, ENV_FOLDER), contents);
  return changed.filter(({ before }) => before !== undefined).map(({ app }) => app);
}

interface ProvidedVariables {
  readonly service: string;
  /** The values by their names in the declaration, which have no prefix. */
  readonly variables: Readonly<Record<string, string>>;
  readonly exactNames: boolean;
}

/** Opens what the provider stored at an earlier `up`. */
export const openProviderStore = (dir: string): StateStore => openStateStore(readablePrivateFolder(dir, "provider"));

/** Returns how far the last good run proved the DSN of an app. */
export function providedDsnState(dir: string, declaration: Declaration, app: string): "proved" | "accepted" | "none" {
  const known = openProviderStore(dir).projects[projectName(declaration, declaration.apps[app]?.project ?? "")];
  if (known?.key === undefined) return "none";
  return known.proved ? "proved" : "accepted";
}

/** Returns the variables that the last good run passed to the apps of a service. */
function lastGoodVariables(dir: string, declaration: Declaration, service: string) {
  const only = declarationFor(declaration, service);
  return storedVariables(only, openProviderStore(dir), only.server.url ?? "");
}

/** Returns the DSN that the last `up` passed to an app in `variable`. Throws GC1605 when there is none. */
export function providedDsn(dir: string, declaration: Declaration, app: string, variable: string): Secret {
  const service = providerOf(declaration, app);
  const dsn = service && lastGoodVariables(dir, declaration, service)?.[variable];
  if (dsn) return new Secret(dsn);
  throw new CodedError("GC1605", `app ${app} has no DSN yet: its provider service has not run`, {
    remedy: "docker compose up -d --wait",
  });
}

/** Returns the declaration reduced to what the apps of this service need. Throws GC1104. */
function declarationFor(declaration: Declaration, service: string): Declaration {
  const providers = providersOf(declaration);
  const provider = Object.hasOwn(providers, service) ? providers[service] : undefined;
  if (provider === undefined) {
    throw new CodedError("GC1104", `no app in glitchtip.yaml takes its DSN from the provider service ${service}`, {
      remedy: "npx glitchtip-compose init",
    });
  }
  const { project } = provider;
  const apps = Object.entries(declaration.apps).filter(([app]) => provider.apps.includes(app));
  const projects = Object.entries(declaration.projects).filter(([key]) => key === project);
  return { ...declaration, apps: Object.fromEntries(apps), projects: Object.fromEntries(projects) };
}

async function runProvision(context: ProviderContext, declaration: Declaration, url: string, store: StateStore) {
  const { token, password } = await secretsOf(context, declaration);
  if (token !== undefined && store.token?.reveal() !== token.reveal()) store.setToken("declared", token);
  const transport = openTransport(openHttp, url, { env: context.env });
  try {
    const baseUrls = { container: declaration.server.containerUrl ?? url, host: url, public: url };
    const times = { readyWithinMs: READY_WITHIN_MS, proofWithinMs: PROOF_WITHIN_MS };
    await provisionServer(
      { ...context, ...times, transport, store, password: () => password ?? missingPassword() },
      { declaration, baseUrls, label: context.label ?? KEY_LABEL },
    );
  } finally {
    await transport.close();
  }
}

async function secretsOf(context: ProviderContext, { server, admin }: Declaration) {
  const references = openReferences({ ...context, say: (text) => context.log.step(text) });
  const read = async (key: string, reference: string | undefined): Promise<Secret | undefined> =>
    reference === undefined ? undefined : await references.resolve(reference, key);
  try {
    const token = await read("server.token", server.token);
    return { token, password: token === undefined ? await read("admin.password", admin?.password) : undefined };
  } finally {
    await references.close();
  }
}

function missingPassword(): never {
  throw new CodedError("GC1304", "the token in server.token is not accepted, and admin has no password", {
    remedy: "Store a valid API token where server.token points.",
  });
}

/**
 * Returns the variables of all apps from what is stored, or undefined when a project never had a key. With `instead`
 * every value is that text.
 */
function storedVariables(
  declaration: Declaration,
  { projects }: StateStore,
  url: string,
  instead?: string,
): Readonly<Record<string, string>> | undefined {
  const found: Record<string, string> = {};
  for (const app of Object.values(declaration.apps)) {
    const known = projects[projectName(declaration, app.project ?? "")];
    if (known?.key === undefined && instead === undefined) return undefined;
    const parts: DsnParts = { key: known?.key ?? "", projectId: known?.id ?? "" };
    for (const { name, base } of namesWithBase(app, declaration.server, url)) {
      found[name] = instead ?? composeDsn(base, parts);
    }
  }
  return found;
}

const namesWithBase = (app: AppDeclaration, { containerUrl }: Declaration["server"], url: string) =>
  variablesOf(app).map(({ name, audience }) => ({
    name,
    base: audience === "container" ? (containerUrl ?? url) : url,
  }));
