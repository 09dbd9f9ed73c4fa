import { join } from "node:path";
import type { Secret } from "../base/secret.ts";
import type { Declaration } from "../config/schema.ts";
import { superuserOf } from "../config/server.ts";
import { openClient } from "../glitchtip/client.ts";
import type { Transport } from "../glitchtip/transport.ts";
import { acquireLock } from "../outputs/lock.ts";
import { openStateStore } from "../outputs/state-store.ts";
import { makeStateFolder, obtainToken, STATE_FOLDER } from "../provision/index.ts";
import type { ServerContext } from "./context.ts";

/** Beside the provisioner's, which may do less: neither takes the other's away. */
const LABEL = "glitchtip-compose apply";
const LOCK_WITHIN_MS = 60_000;

/** What a declaration can say of a server's inside. */
const SCOPES = ["org", "team", "project", "member"].flatMap((what) =>
  ["read", "write", "admin"].map((may) => `${what}:${may}`),
);

/** For a stack of ours, whose declaration names no token: the one of an earlier run, else one that the admin makes. */
export async function stackToken(
  context: Omit<ServerContext, "calls" | "store">,
  transport: Transport,
  dir: string,
  declaration: Declaration,
  password: () => Promise<Secret>,
): Promise<Secret> {
  const folder = join(dir, STATE_FOLDER, "apply");
  makeStateFolder(folder);
  await using _lock = await acquireLock(folder, { ...context, deadlineMs: LOCK_WITHIN_MS, holder: "run" });
  const store = openStateStore(folder);
  const known = store.token;
  if (known !== undefined) {
    const scopes = await openClient({ ...context, transport, token: known }).tokenScopes();
    if (SCOPES.every((scope) => scopes?.includes(scope))) return known;
  }
  const secret = await password();
  const { email } = superuserOf(declaration);
  return await obtainToken({ ...context, transport, store, password: () => secret }, { email, label: LABEL }, SCOPES);
}
