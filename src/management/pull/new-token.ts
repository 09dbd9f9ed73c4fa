import { CodedError } from "../../base/errors.ts";
import type { Calls } from "../../glitchtip/calls/index.ts";
import type { Kind } from "../../reconcile/index.ts";

/**
 * That it is a GlitchTip, and that the token may read all that is asked for: lists that it may not see are empty or
 * refused one by one (scopes scenario), and half of a server would be declared as if it were the whole.
 */
export async function checkPullToken({ server }: Calls, url: string, asked: ReadonlySet<Kind>): Promise<void> {
  await server.settings();
  const scopes = await server.tokenScopes();
  const needed = ["org:read", "team:read", "project:read", ...(asked.has("member") ? ["member:read"] : [])];
  const remedy = `Make one there (Profile, Auth Tokens) with ${needed.join(", ")}, and put it where --token points.`;
  if (scopes === undefined) throw new CodedError("GC1304", `${url} does not know this API token`, { remedy });
  const missing = needed.filter((scope) => !scopes.includes(scope));
  if (missing.length === 0) return;
  throw new CodedError("GC1305", `${url}: this API token lacks ${missing.join(", ")}`, { remedy });
}
