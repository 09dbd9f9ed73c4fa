import type { Secret } from "../base/secret.ts";
import type { Declaration } from "../config/schema.ts";
import { superuserOf } from "../config/server.ts";
import type { Docker } from "../docker/index.ts";
import type { Credentials } from "../glitchtip/calls/index.ts";
import { openClient } from "../glitchtip/client.ts";
import { openTransport, readsAndWrites, type Transport } from "../glitchtip/transport.ts";
import { httpFor } from "../http/client.ts";
import { acquireLock } from "../outputs/lock.ts";
import { openPrivateFolder } from "../outputs/private-folder.ts";
import { openServerStore, type ServerStore, serverStorePath } from "../outputs/server-store.ts";
import { openStateStore } from "../outputs/state-store.ts";
import { chooseSignIn, obtainToken, signInOnce, tokenFrom } from "../provision/index.ts";
import { type DesiredServer, type Resolve, resolveDesired } from "../reconcile/index.ts";
import type { References } from "../references/resolver.ts";
import { hostUrl, madeAdminPassword } from "../running/index.ts";
import type { DeclaredServer } from "./declared.ts";
import { openServer, type ServerContext } from "./server-context.ts";

/** More than the limiter allows in flight. */
const CONNECTIONS = 40;

export interface ConnectContext extends Pick<ServerContext, "clock" | "signal" | "log"> {
  /** Read for the variables that name a proxy. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Used only for this stack's own server, where its address is not declared. */
  docker(): Docker;
  /** Nothing is to be changed on the server: where it has no token of ours, none is made. */
  readonly readOnly?: boolean;
  /** Opens the memory of the identities on a server. Default: a file beside the declaration. */
  openStore?(declared: DeclaredServer): ServerStore;
  /** Wraps what sends the requests to a server, below the retries. */
  wrapTransport?(transport: Transport, declared: DeclaredServer, token: Secret | undefined): Transport;
}

/** A connected server, and what is wanted of it with secrets resolved. */
export interface Connected extends AsyncDisposable {
  readonly context: ServerContext;
  readonly desired: DesiredServer;
  readonly url: string;
  readonly resolve: Resolve;
}

/** Connects to a server. It sends no request, unless this stack's own server needs a token or a session. */
export async function connectServer(
  context: ConnectContext,
  server: DeclaredServer,
  references: References,
): Promise<Connected> {
  const { declaration, desired: declared, dir } = server;
  const { clock, signal, log } = context;
  const resolve: Resolve = ({ reference, key }) => references.resolve(reference, key);
  const desired = await resolveDesired(declared, resolve);
  const url = desired.url ?? (await hostUrl(declaration, context.docker()));
  const ca = desired.ca === undefined ? {} : { ca: (await references.resolve(desired.ca, "server.ca")).reveal() };
  const options = { requestTimeoutMs: desired.timeoutMs, connections: CONNECTIONS, env: context.env, ...ca };
  // undici takes a tenth of a second more, which a plan of 100 projects would show (docs/speed.md).
  const open = httpFor(context.env);
  const direct = readsAndWrites(
    openTransport(open, url, { ...options, keepAlive: true }),
    openTransport(open, url, options),
  );
  const transport = context.wrapTransport?.(direct, server, desired.token) ?? direct;
  try {
    const credentials: Credentials & Partial<SessionEnd> =
      desired.token === undefined ? await signedIn() : { token: tokenFrom(desired.token.reveal(), "server.token") };
    const store = context.openStore?.(server) ?? openServerStore(serverStorePath(dir, desired.name));
    return {
      context: openServer({ clock, signal, log, transport, store, retries: desired.retries, ...credentials }),
      desired,
      url,
      resolve,
      async [Symbol.asyncDispose]() {
        // A session that was not ended ends by itself.
        await credentials.end?.().catch(() => undefined);
        await transport.close();
      },
    };
  } catch (error) {
    await transport.close();
    throw error;
  }

  async function signedIn(): Promise<Credentials & Partial<SessionEnd>> {
    const signIn = chooseSignIn(declaration, undefined);
    if ("token" in signIn) return { token: await references.resolve(signIn.token, "server.token") };
    const password = () =>
      "made" in signIn ? madeAdminPassword(context.docker()) : references.resolve(signIn.password, "admin.password");
    if (context.readOnly) return await readingAccess({ clock, signal, log, transport }, dir, declaration, password);
    return { token: await stackToken({ clock, signal, log }, transport, dir, declaration, password) };
  }
}

interface SessionEnd {
  readonly end: () => Promise<void>;
}

/** Returns the token of an earlier run, else a session of the admin, who signs in for each run. */
async function readingAccess(
  context: Pick<ServerContext, "clock" | "signal" | "log"> & { readonly transport: Transport },
  dir: string,
  declaration: Declaration,
  password: () => Promise<Secret>,
): Promise<Credentials & Partial<SessionEnd>> {
  const folder = openPrivateFolder(dir, "apply");
  const store = openStateStore(folder);
  const token = store.token;
  if (token !== undefined && (await openClient({ ...context, token }).tokenScopes()) !== undefined) return { token };
  const secret = await password();
  const { email } = superuserOf(declaration);
  const { headers, signOut } = await signInOnce({ ...context, store, password: () => secret }, email);
  return { headers, end: signOut };
}

/**
 * The token's label. It differs from the provisioner's, whose token has fewer scopes, so that neither replaces the
 * other.
 */
const LABEL = "glitchtip-compose apply";
const LOCK_WITHIN_MS = 60_000;

/** The scopes for all kinds of a declaration. */
export const APPLY_SCOPES = ["org", "team", "project", "member"].flatMap((what) =>
  ["read", "write", "admin"].map((may) => `${what}:${may}`),
);

/** Returns the token for this stack's own server: that of an earlier run, or a new one by signing in as the admin. */
export async function stackToken(
  context: Omit<ServerContext, "calls" | "store">,
  transport: Transport,
  dir: string,
  declaration: Declaration,
  password: () => Promise<Secret>,
): Promise<Secret> {
  const folder = openPrivateFolder(dir, "apply");
  await using _lock = await acquireLock(folder, { ...context, deadlineMs: LOCK_WITHIN_MS, holder: "run" });
  const store = openStateStore(folder);
  const known = store.token;
  if (known !== undefined) {
    const scopes = await openClient({ ...context, transport, token: known }).tokenScopes();
    if (APPLY_SCOPES.every((scope) => scopes?.includes(scope))) return known;
  }
  const secret = await password();
  const { email } = superuserOf(declaration);
  return await obtainToken(
    { ...context, transport, store, password: () => secret },
    { email, label: LABEL },
    APPLY_SCOPES,
  );
}
