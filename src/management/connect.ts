import type { Secret } from "../base/secret.ts";
import type { Docker } from "../docker/index.ts";
import { readsAndWrites } from "../glitchtip/reading-transport.ts";
import { openNodeTransport } from "../glitchtip/transport-node.ts";
import { openServerStore, serverStorePath } from "../outputs/server-store.ts";
import { signInOf, tokenFrom } from "../provision/index.ts";
import { type DesiredServer, type Resolve, resolveDesired } from "../reconcile/index.ts";
import type { References } from "../references/resolver.ts";
import { hostUrl } from "../running/index.ts";
import { openServer, type ServerContext } from "./context.ts";
import type { DeclaredServer } from "./declared.ts";
import { stackToken } from "./stack-token.ts";

/** More than any limiter lets through. */
const CONNECTIONS = 40;

export interface ConnectContext extends Pick<ServerContext, "clock" | "signal" | "log"> {
  /** Asked only for a stack of ours whose address is not declared. */
  docker(): Docker;
}

/** A server that can be asked, and what is wanted of it with its secrets. */
export interface Connected extends AsyncDisposable {
  readonly context: ServerContext;
  readonly desired: DesiredServer;
  readonly url: string;
  readonly resolve: Resolve;
}

/** Asks the server nothing yet, unless it is of our stack and a token has to be made. */
export async function connect(
  context: ConnectContext,
  { declaration, desired: declared, dir }: DeclaredServer,
  references: References,
): Promise<Connected> {
  const { clock, signal, log } = context;
  const resolve: Resolve = ({ reference, key }) => references.resolve(reference, key);
  const desired = await resolveDesired(declared, resolve);
  const url = desired.url ?? (await hostUrl(declaration, context.docker()));
  const ca = desired.ca === undefined ? {} : { ca: (await references.resolve(desired.ca, "server.ca")).reveal() };
  const options = { requestTimeoutMs: desired.timeoutMs, connections: CONNECTIONS, ...ca };
  const transport = readsAndWrites(
    openNodeTransport(url, { ...options, keepAlive: true }),
    openNodeTransport(url, options),
  );
  try {
    const token = desired.token === undefined ? await signedIn() : tokenFrom(desired.token.reveal(), "server.token");
    const store = openServerStore(serverStorePath(dir, desired.name));
    return {
      context: openServer({ clock, signal, log, transport, token, store, retries: desired.retries }),
      desired,
      url,
      resolve,
      [Symbol.asyncDispose]: () => transport.close(),
    };
  } catch (error) {
    await transport.close();
    throw error;
  }

  async function signedIn(): Promise<Secret> {
    const signIn = signInOf(declaration, undefined);
    if ("token" in signIn) return await references.resolve(signIn.token, "server.token");
    const password = () => references.resolve(signIn.password, "admin.password");
    return await stackToken({ clock, signal, log }, transport, dir, declaration, password);
  }
}
