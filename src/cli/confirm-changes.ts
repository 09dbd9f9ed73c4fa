import { CodedError } from "../base/errors.ts";
import { type LookedServer, plansOf, type Report } from "../management/index.ts";
import type { CliContext } from "./context.ts";
import { confirmed, typed } from "./screen.ts";
import { counts } from "./server-changes.ts";

interface Agreement {
  /** Said beforehand: --yes, or a plan that was looked at. */
  readonly agreed: boolean;
  readonly yesDelete: readonly string[];
}

/** Names of what the user does not want deleted after all. Throws where nobody said yes. */
export async function confirmChanges(
  context: CliContext,
  { agreed, yesDelete }: Agreement,
  looked: readonly LookedServer[],
  { actions }: Report,
): Promise<ReadonlySet<string>> {
  const kept = new Set<string>();
  if (actions.length === 0) return kept;
  const names = new Set(plansOf(looked).flatMap((plan) => plan.actions.flatMap(({ confirm }) => confirm ?? [])));
  const unsaid = [...names].filter((name) => !yesDelete.includes(name));
  if (unsaid.length > 0 && !context.interactive) {
    throw new CodedError("GC1002", "what would be deleted for good has to be named", {
      problems: unsaid.map((name) => `--yes-delete ${shellWord(name)}`),
      remedy: "Add these, or take `prune` out of the declaration; nothing was changed.",
    });
  }
  if (!agreed && !(await confirmed(context, `${counts(actions)}: apply?`, "--yes"))) {
    throw new CodedError("GC1003", "nothing was changed");
  }
  for (const name of unsaid) {
    const flag = { flag: "--yes-delete", value: undefined };
    if (!(await typed(context, `Delete ${name} with all that is in it?`, name, flag))) kept.add(name);
  }
  return kept;
}

const shellWord = (name: string): string => (/^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);
