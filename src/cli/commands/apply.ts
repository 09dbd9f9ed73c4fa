import { resolve } from "node:path";
import { counted } from "../../base/counted.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import {
  applyServers,
  declaredServers,
  keepInvitations,
  type LookedServer,
  lockServers,
  lookAt,
  nameOf,
  type Outcome,
  plansOf,
  type Report,
  readPlanFile,
  reportOf,
  requireSame,
} from "../../management/index.ts";
import { DECLARATION_FILE, noteDeclaration } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, naming, withConfirmation } from "../confirmation.ts";
import { type CliContext, reportError } from "../context.ts";
import { typed, withProgress } from "../screen.ts";
import { counts, printChanges, reportDryRun, tellProblems, tellSkipped } from "../server-changes.ts";
import { openDeclared, type ServerFlags, withServerOptions, withStrictOption } from "../server-options.ts";

interface Flags extends ServerFlags, ConfirmationFlags {
  readonly plan?: string;
}

export default {
  flags: (command) =>
    withStrictOption(
      withServerOptions(
        withConfirmation(
          command.option(
            "--plan <file>",
            "apply the plan that plan --out saved; refused if the servers have changed since",
          ),
          "apply",
        ),
      ),
    ),
  async run(context, flags) {
    const plan = flags.plan === undefined ? undefined : plannedBefore(context, flags.plan, flags);
    const choice = plan ?? flags;
    const declared = declaredServers(context.dir, choice);
    await using _locks = await lockServers(context, declared);
    await using servers = openDeclared(context, declared);
    const looked = await withProgress(context, "looking at what the servers hold", () => lookAt(servers, choice));
    if (plan !== undefined) requireSame(plan, looked);
    const planned = reportOf(looked);
    if (!context.json) printChanges(context, planned);
    if (flags.dryRun) return reportDryRun(context, planned);
    // Who gives a plan has reviewed it.
    const kept = await confirmChanges(context, { ...flags, yes: flags.yes || plan !== undefined }, looked, planned);
    if (kept === undefined) return context.setExitCode(EXIT.interrupted);
    const carryOut = (say?: (line: string) => void) =>
      applyServers(servers, looked, {
        wanted: ({ confirm }) => confirm === undefined || !kept.has(confirm),
        onOutcome: (outcome) => outcome.result !== "skipped" && say?.(sentence(outcome)),
      });
    // Runs without changes, too: the identities that were found again are stored.
    const nothing = planned.actions.length === 0;
    const outcomes = nothing ? await carryOut() : await withProgress(context, "applying", ({ say }) => carryOut(say));
    finish(context, looked, outcomes);
    if (choice.file === DECLARATION_FILE) await noteDeclaration(context);
  },
} satisfies CliCommand<Flags>;

/** Reads the plan of --plan. Throws GC1001 beside options that choose servers: the plan has them. */
function plannedBefore({ dir }: CliContext, path: string, { file, instance, strict }: Flags) {
  if (file !== DECLARATION_FILE || instance !== undefined || strict !== undefined) {
    throw new CodedError("GC1001", "--plan already names the servers", {
      remedy: "Leave --file, --instance and --strict out.",
    });
  }
  return readPlanFile(resolve(dir, path));
}

const DONE = { create: "created", update: "changed", delete: "deleted" } as const;

function sentence(outcome: Exclude<Outcome, { readonly result: "skipped" }>): string {
  const { action, result } = outcome;
  const { instance, organization, project, type } = action;
  const where = [instance, organization, ...(project === undefined ? [] : [project])].join("/");
  if (result === "failed") return `failed: ${where}: ${type} ${nameOf(action)}: ${outcome.error.message}`;
  return `${DONE[type]} ${where}: ${nameOf(action)}${outcome.note === undefined ? "" : `: ${outcome.note}`}`;
}

function finish(context: CliContext, looked: readonly LookedServer[], outcomes: readonly Outcome[]): void {
  const { aborted, reason } = context.signal;
  const report = { ...reportOf(looked, outcomes), ...(aborted ? { status: "interrupted" as const } : {}) };
  const invitations = keepInvitations(context.dir, outcomes);
  if (context.json) context.print(JSON.stringify({ ...report, invitations }));
  else {
    const of = report.actions.length;
    if (of > 0) context.print(`applied ${report.applied_count} of ${counted(of, "change")}`);
    else if (report.status === "success") context.print("nothing to change");
    if (invitations !== undefined) context.print(`links of invitations: ${invitations}`);
  }
  tellProblems(
    context,
    reportOf(
      looked,
      outcomes.filter(({ result }) => result !== "skipped"),
    ),
  );
  tellSkipped(context, outcomes);
  if (aborted)
    reportError(reason, { ...context, json: false }, (text) =>
      context.log.info(text.trimEnd().replace(/^error GC1003: /, "")),
    );
  else if (report.status === "failed") context.setExitCode(EXIT.failed);
}

/** Asks for consent. Returns the names that must not be deleted after all, undefined where the user does not agree. */
async function confirmChanges(
  context: CliContext,
  flags: ConfirmationFlags,
  looked: readonly LookedServer[],
  { actions }: Report,
): Promise<ReadonlySet<string> | undefined> {
  const kept = new Set<string>();
  if (actions.length === 0) return kept;
  const names = new Set(plansOf(looked).flatMap((plan) => plan.actions.flatMap(({ confirm }) => confirm ?? [])));
  const unsaid = [...names].filter((name) => !flags.confirm?.includes(name));
  if (unsaid.length > 0 && !context.interactive) {
    throw new CodedError("GC1002", "what would be deleted for good must be confirmed by name", {
      problems: unsaid.map(naming),
      remedy: "Add these, or take `prune` out of the declaration; nothing was changed.",
    });
  }
  if (!(await agreed(context, flags, { text: `${counts(actions)}: apply?` }))) return undefined;
  for (const name of unsaid) {
    if (!(await typed(context, `Delete ${name} with all that is in it?`, name, naming(name)))) kept.add(name);
  }
  return kept;
}
