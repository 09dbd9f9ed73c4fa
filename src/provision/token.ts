import { CodedError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import { createOnce } from "../glitchtip/create-once.ts";
import { signIn } from "../glitchtip/session.ts";
import type { Token } from "../glitchtip/wire/shapes.ts";
import type { ProvisionContext } from "./context.ts";

/** What provisioning does and no more: create, link, read events back, delete the proof's issue. */
export const SCOPES: readonly string[] = [
  "org:read",
  "org:write",
  "team:read",
  "team:write",
  "project:read",
  "project:write",
  // Linking a team asks for it; project:write is refused (project-teams scenario).
  "project:admin",
  "event:read",
  "event:write",
];

/** Signs in and takes our token from the list where it is shown in full, else mints one; never leaves a second behind. */
export async function obtainToken(
  context: Omit<ProvisionContext, "readyWithinMs" | "proofWithinMs" | "token">,
  account: { email: string; label: string },
  scopes: readonly string[] = SCOPES,
): Promise<Secret> {
  const { store, log } = context;
  const { email, label } = account;
  const password = context.password();
  if (store.wasRefused(email, password)) {
    throw new CodedError("GC1302", `the password of ${email} was refused before and has not changed since`, {
      remedy:
        "Put the right one where admin.password points (by default .glitchtip/secrets/admin_password); it is not tried again until it changes.",
    });
  }
  const session = await signIn({ ...context, ...account, password }).catch((error: unknown) => {
    if (error instanceof CodedError && error.code === "GC1301") store.refusePassword(email, password);
    throw error;
  });
  const take = async () => {
    const ours = (await session.tokens()).filter((token) => token.label === label);
    const usable = ours.find((token) => isWhole(token, scopes));
    for (const stale of ours) if (stale !== usable) await session.deleteToken(stale.id);
    return usable && { id: usable.id, token: new Secret(usable.token) };
  };
  const found = await take();
  const { id, token } = found ?? (await createOnce(context, () => session.mintToken(label, scopes), take));
  store.setToken(id, token);
  log.info(`${found ? "found" : "made"} API token ${id} (${label})`);
  return token;
}

/** 6.x shows the last characters only (docs/glitchtip-facts.md, "API tokens"). */
const isWhole = ({ token, scopes }: Token, wanted: readonly string[]): boolean =>
  /^[0-9a-f]{64}$/.test(token) && wanted.every((scope) => scopes.includes(scope));
