import type { Requests } from "../requests.ts";
import { accountShape } from "../wire/managed.ts";
import { rootShape, settingsShape } from "../wire/shapes.ts";

export const serverCalls = (requests: Requests) => ({
  /** Needs no token. A server built from sources says 0.0.0-unknown (readiness scenario). */
  settings: () => requests.get("/api/settings/", settingsShape),
  /** What the token may do; undefined where it is not accepted (api-tokens scenario). */
  tokenScopes: async () => (await requests.get("/api/0/", rootShape)).auth?.scopes,
  /** The token's. */
  account: () => requests.get("/api/0/users/me/", accountShape),
});
