import { CodedError } from "../base/errors.ts";
import { serverKind } from "../config/server.ts";
import { openDocker } from "../docker/index.ts";
import { ORGANIZATION_ROLES, type OrganizationRole } from "../glitchtip/wire/shapes.ts";
import { type Accounts, openAccounts } from "../running/index.ts";
import { packageAssets, readWorkspace } from "../workspace/index.ts";
import { requireWord } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { withProgress } from "./screen.ts";

/** Opens the accounts of the server that this workspace's stack runs; each call shows its progress. */
export function accountsOf(context: CliContext): Accounts {
  const { declaration } = readWorkspace(context.dir, context.env);
  if (serverKind(declaration) !== "bundled") {
    throw new CodedError("GC1001", "this workspace starts no GlitchTip, so it has no accounts to manage", {
      remedy: "Members of organizations can be declared for any server: npx glitchtip-compose apply",
    });
  }
  const accounts = openAccounts(openDocker(context), packageAssets().accounts());
  return { do: (deed, args, options) => withProgress(context, deed, () => accounts.do(deed, args, options)) };
}

export const requireOrganizationRole = (given: string | undefined): OrganizationRole =>
  requireWord(ORGANIZATION_ROLES, given, "the role");
