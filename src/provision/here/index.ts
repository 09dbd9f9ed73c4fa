import { basename, join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { removeLeftovers, writeAll } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";
import type { Clock } from "../../base/wait.ts";
import { needsProvisioner } from "../../config/given-dsn.ts";
import { KEY_LABEL } from "../../config/key-label.ts";
import type { Declaration } from "../../config/schema.ts";
import type { Docker } from "../../docker/index.ts";
import { openNodeTransport } from "../../glitchtip/transport-node.ts";
import type { Status } from "../../outputs/dsn-volume.ts";
import { acquireLock } from "../../outputs/lock.ts";
import { openStateStore, type StateStore } from "../../outputs/state-store.ts";
import { openReferences } from "../../references/resolver.ts";
import { hostUrl } from "../../running/index.ts";
import { type Change, checkProvision } from "../check.ts";
import type { ProvisionContext } from "../context.ts";
import { tokenFrom } from "../given-token.ts";
import { provision } from "../provision.ts";
import { filesToWrite, type Outputs } from "./files.ts";
import { type Reach, reachOf, signInOf } from "./reach.ts";
import { makeStateFolder, STATE_FOLDER } from "./state-folder.ts";

export type { Change } from "../check.ts";

/** Tokens have their own, so that neither the container's nor another project's is taken away. */
const tokenLabelOf = (dir: string): string => `glitchtip-compose provision ${basename(dir)}`;
const PROOF_WITHIN_MS = 60_000;

export interface HereContext {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly docker: Docker;
}

export interface HereOptions extends Outputs {
  readonly url?: string | undefined;
  /** A reference. */
  readonly token?: string | undefined;
  readonly check: boolean;
  readonly readyWithinMs: number;
}

export interface HereResult {
  /** Undefined where no server had to be asked. */
  readonly server?: { readonly url: string; readonly version?: string };
  readonly organization?: string;
  readonly apps: Status["apps"];
  /** What was made on the server, or would be. */
  readonly changes: readonly Change[];
  /** Files that were written, or would be. */
  readonly files: readonly string[];
  /** The DSNs are good and something else is not. */
  readonly problem?: CodedError;
}

/** What the provisioner's container does, done by this process: the same function, with its memory in the project. */
export async function provisionHere(
  context: HereContext,
  declaration: Declaration,
  options: HereOptions,
): Promise<HereResult> {
  if (!needsProvisioner(declaration)) return { apps: {}, changes: [], files: [] };
  const { dir, log, clock, signal } = context;
  const references = openReferences({ ...context, vault: declaration.vault });
  try {
    const reach = await reachOf(declaration, options.url, () => hostUrl(declaration, context.docker));
    const signIn = signInOf(declaration, options.token);
    const { ca } = declaration.server;
    const secrets = await references.resolveAll({ ...signIn, ...(ca === undefined ? {} : { "server.ca": ca }) });
    const transport = openNodeTransport(
      reach.url,
      secrets["server.ca"] === undefined ? {} : { ca: secrets["server.ca"].reveal() },
    );
    const folder = join(dir, STATE_FOLDER);
    const { token, password } = secrets;
    const withStore = (store: StateStore): ProvisionContext => ({
      transport,
      store,
      clock,
      signal,
      log,
      readyWithinMs: options.readyWithinMs,
      proofWithinMs: PROOF_WITHIN_MS,
      ...(token === undefined ? {} : { token: () => tokenFrom(token.reveal(), "the reference to the token") }),
      password: () => password ?? noPassword(),
    });
    try {
      if (options.check) return await check(withStore(openStateStore(folder, { keep: false })), reach);
      makeStateFolder(folder);
      await using _lock = await acquireLock(folder, { clock, signal, log, deadlineMs: options.readyWithinMs });
      removeLeftovers(folder);
      return await run(withStore(openStateStore(folder)), reach);
    } finally {
      await transport.close();
    }
  } finally {
    await references.close();
  }

  async function check(provisioning: ProvisionContext, reach: Reach): Promise<HereResult> {
    const { version, changes, envFiles } = await checkProvision(provisioning, inputFor(reach));
    const files = envFiles === undefined ? [] : filesToWrite(dir, declaration, envFiles, options);
    const server = { url: reach.url, version };
    return { server, apps: {}, changes, files: files.map(({ shown }) => shown) };
  }

  async function run(provisioning: ProvisionContext, reach: Reach): Promise<HereResult> {
    const { status, changes, envFiles, problem } = await provision(provisioning, inputFor(reach));
    const files = filesToWrite(dir, declaration, envFiles, options);
    writeAll(files);
    const { organization, apps, server } = status;
    return {
      server: { url: reach.url, ...server },
      ...(organization === undefined ? {} : { organization }),
      apps,
      changes,
      files: files.map(({ shown }) => shown),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  function inputFor({ baseUrls }: Reach) {
    return { declaration, baseUrls, label: KEY_LABEL, tokenLabel: tokenLabelOf(dir) };
  }
}

/** With a token nobody signs in. */
function noPassword(): never {
  throw new CodedError("GC1901", "a password was asked for where a token is given");
}
