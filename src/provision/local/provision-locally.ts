import { basename } from "node:path";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { removeLeftovers, writeAll } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";
import type { Clock } from "../../base/wait.ts";
import { needsProvisioner } from "../../config/app-sources.ts";
import { KEY_LABEL } from "../../config/defaults.ts";
import type { Declaration } from "../../config/schema.ts";
import { serverKind, superuserOf } from "../../config/server.ts";
import type { Docker } from "../../docker/index.ts";
import { openTransport } from "../../glitchtip/transport.ts";
import { openHttp } from "../../http/client.ts";
import type { Status } from "../../outputs/dsn-volume.ts";
import { acquireLock } from "../../outputs/lock.ts";
import { openPrivateFolder, readablePrivateFolder } from "../../outputs/private-folder.ts";
import { openStateStore, type StateStore } from "../../outputs/state-store.ts";
import { openReferences } from "../../references/resolver.ts";
import { dotenvEdits, hostUrl, madeAdminPassword, writeDotenvFiles } from "../../running/index.ts";
import { changesOfAction, checkProvision, type ProvisionChange } from "../check.ts";
import type { ProvisionContext, ProvisionRequest } from "../context.ts";
import { provisionServer } from "../provision.ts";
import { signInOnce, tokenFrom } from "../token.ts";
import { type OutputOptions, outputFiles } from "./output-files.ts";
import { chooseSignIn, type ServerAccess, serverAccess } from "./server-access.ts";

/** The name of our token: it differs from the names of the container's token and of other workspaces', which stay. */
const tokenLabelOf = (dir: string): string => `glitchtip-compose provision ${basename(dir)}`;
const PROOF_WITHIN_MS = 60_000;

export interface LocalContext {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly docker: Docker;
}

export interface LocalOptions extends OutputOptions {
  readonly url?: string | undefined;
  /** A reference to the token. */
  readonly token?: string | undefined;
  /** Change nothing, only look. */
  readonly check: boolean;
  readonly readyWithinMs: number;
}

export interface LocalResult {
  /** Undefined when no server had to be asked. */
  readonly server?: { readonly url: string; readonly version?: string };
  readonly organization?: string;
  readonly apps: Status["apps"];
  /** What was created on the server, or would be. */
  readonly changes: readonly ProvisionChange[];
  /** The files that were written, or would be. */
  readonly files: readonly string[];
  /** The DSNs are good, but the run has failed. */
  readonly problem?: CodedError;
}

/**
 * Provisions a server by this process instead of the provisioner's container: the same function, with its memory in the
 * workspace.
 */
export async function provisionLocally(
  context: LocalContext,
  declaration: Declaration,
  options: LocalOptions,
): Promise<LocalResult> {
  if (!needsProvisioner(declaration)) return { apps: {}, changes: [], files: [] };
  const { dir, log, clock, signal } = context;
  const references = openReferences({ ...context, vault: declaration.vault });
  try {
    const access = await serverAccess(declaration, options.url, () => hostUrl(declaration, context.docker));
    const signIn = chooseSignIn(declaration, options.token);
    const secrets = await references.resolveAll({
      ...("made" in signIn ? {} : signIn),
      ...defined({ "server.ca": declaration.server.ca }),
    });
    const { token } = secrets;
    const password = "made" in signIn ? await madeAdminPassword(context.docker) : secrets.password;
    const transport = openTransport(openHttp, access.url, {
      env: context.env,
      ...defined({ ca: secrets["server.ca"]?.reveal() }),
    });
    const contextWith = (store: StateStore): ProvisionContext => ({
      transport,
      store,
      clock,
      signal,
      log,
      readyWithinMs: options.readyWithinMs,
      proofWithinMs: PROOF_WITHIN_MS,
      ...defined({ token: token && (() => tokenFrom(token.reveal(), "the reference to the token")) }),
      password: () => password ?? noPassword(),
    });
    const run = { dir, declaration, options, access };
    try {
      if (options.check) {
        const store = openStateStore(readablePrivateFolder(dir, "provision"), { keep: false });
        return await checkOnly(contextWith(store), run);
      }
      const folder = openPrivateFolder(dir, "provision");
      await using _lock = await acquireLock(folder, { clock, signal, log, deadlineMs: options.readyWithinMs });
      removeLeftovers(folder);
      return await provisionAndWrite(contextWith(openStateStore(folder)), run);
    } finally {
      await transport.close();
    }
  } finally {
    await references.close();
  }
}

interface LocalRun {
  readonly dir: string;
  readonly declaration: Declaration;
  readonly options: LocalOptions;
  readonly access: ServerAccess;
}

async function checkOnly(context: ProvisionContext, run: LocalRun): Promise<LocalResult> {
  const { dir, declaration, options, access } = run;
  // The stack's provisioner has a token of its own: that this process would make another is no change of the server.
  const isBundled = serverKind(declaration) === "bundled";
  const reading = isBundled ? { open: () => signInOnce(context, superuserOf(declaration).email) } : undefined;
  const { version, changes, envFiles } = await checkProvision(context, requestOf(run), reading);
  const files = envFiles === undefined ? [] : outputFiles(dir, declaration, envFiles, options);
  const dotenv = envFiles === undefined ? [] : dotenvEdits(dir, declaration, chosenOf(envFiles, options));
  const paths = [...files.map(({ shown }) => shown), ...dotenv.map(({ path }) => path)];
  return { server: { url: access.url, version }, apps: {}, changes, files: paths };
}

async function provisionAndWrite(context: ProvisionContext, run: LocalRun): Promise<LocalResult> {
  const { dir, declaration, options, access } = run;
  const { status, actions, envFiles, problem } = await provisionServer(context, requestOf(run));
  const files = outputFiles(dir, declaration, envFiles, options);
  writeAll(files);
  const dotenv = dotenvEdits(dir, declaration, chosenOf(envFiles, options));
  return {
    server: { url: access.url, ...status.server },
    ...defined({ organization: status.organization }),
    apps: status.apps,
    changes: actions.flatMap(changesOfAction),
    files: [...files.map(({ shown }) => shown), ...writeDotenvFiles(dir, declaration, dotenv)],
    ...defined({ problem }),
  };
}

/** Returns the env files of the apps that the options name, or of all. */
const chosenOf = (envFiles: Readonly<Record<string, string>>, { apps }: LocalOptions): Record<string, string> =>
  Object.fromEntries(Object.entries(envFiles).filter(([app]) => apps.length === 0 || apps.includes(app)));

const requestOf = ({ dir, declaration, access }: LocalRun): ProvisionRequest => ({
  declaration,
  baseUrls: access.baseUrls,
  label: KEY_LABEL,
  tokenLabel: tokenLabelOf(dir),
});

/** With a token nobody signs in. */
function noPassword(): never {
  throw new CodedError("GC1901", "a password was asked for where a token is given");
}
