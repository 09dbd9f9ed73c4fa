import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError, EXIT } from "../base/errors.ts";
import { serverKind } from "../config/server.ts";
import { openDocker } from "../docker/index.ts";
import { ORGANIZATION_ROLES, type OrganizationRole } from "../glitchtip/wire/shapes.ts";
import { type Accounts, openAccounts } from "../running/index.ts";
import { packageAssets, readWorkspace } from "../workspace/index.ts";
import type { CliContext } from "./context.ts";
import { typed, withProgress } from "./screen.ts";

/** The accounts of the server that this project's stack runs. */
export function accountsOf(context: CliContext): Accounts {
  const { declaration } = readWorkspace(context.dir, context.env);
  if (serverKind(declaration) !== "bundled") {
    throw new CodedError("GC1001", "this project starts no GlitchTip, so its accounts are not here", {
      remedy: "Members of organizations can be declared and applied anywhere: glitchtip-compose apply",
    });
  }
  const accounts = openAccounts(openDocker(context), packageAssets().accounts());
  return { do: (deed, args, options) => withProgress(context, deed, () => accounts.do(deed, args, options)) };
}

/** One of these words; another is a mistake with the nearest of them. */
export function oneOf<T extends string>(all: readonly T[], given: string | undefined, of: string): T {
  const found = all.find((one) => one === given);
  if (found !== undefined) return found;
  const what = given === undefined ? `${of} is missing` : `${of} cannot be ${given}${didYouMean(given, all)}`;
  throw new CodedError("GC1001", what, { remedy: `Give one of ${all.join(", ")}.` });
}

export const roleOf = (given: string | undefined): OrganizationRole => oneOf(ORGANIZATION_ROLES, given, "the role");

/** The words that an action takes, all of them and no more. */
export function wordsOf<const Names extends readonly string[]>(
  action: string,
  names: Names,
  given: readonly string[],
): { [I in keyof Names]: string } {
  const usage = [action, ...names.map((name) => name.toUpperCase())].join(" ");
  if (given.length === names.length) return [...given] as { [I in keyof Names]: string };
  const missing = names.slice(given.length);
  const what =
    missing.length > 0 ? `${missing.join(" and ")} is missing` : `${given.slice(names.length).join(" ")} is too much`;
  throw new CodedError("GC1001", `${action}: ${what}`, { remedy: `Type: glitchtip-compose ${usage}` });
}

/** Asks for the name before something is deleted; false: nothing may be done. */
export async function deletes(
  context: CliContext,
  question: string,
  name: string,
  given: string | undefined,
): Promise<boolean> {
  if (await typed(context, question, name, { flag: "--yes-delete", value: given })) return true;
  context.log.info("Nothing was changed.");
  context.setExitCode(EXIT.failed);
  return false;
}
