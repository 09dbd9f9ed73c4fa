import { resolve } from "node:path";
import { CodedError, EXIT } from "../../base/errors.ts";
import {
  type LookedServer,
  planServers,
  reportedProblems,
  reportOf,
  whyNotAsked,
  writePlanFile,
} from "../../management/index.ts";
import { DECLARATION_FILE, type PlanParts, planParts } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { withProgress } from "../screen.ts";
import { counts, printChanges, tellProblems } from "../server-changes.ts";
import { openToRead, type ServerFlags, withServerOptions, withStrictOption } from "../server-options.ts";
import type { PlanPart } from "../workspace-report.ts";

interface Flags extends ServerFlags {
  readonly files?: boolean;
  readonly server?: boolean;
  readonly out?: string;
}

export default {
  flags: (command) =>
    withStrictOption(
      withServerOptions(
        command
          .option("--files", "only the project's files: what render would change")
          .option("--server", "only what the servers hold: what apply would change")
          .option("--out <file>", "save this plan of the servers for apply --plan"),
      ),
    ),
  async run(context, flags) {
    const wanted = partsOf(context, flags);
    const parts: PlanPart[] = [];
    // Loaded only when needed: the generator is half of this command's code.
    if (wanted.files) parts.push(await (await import("../workspace-report.ts")).planOfFiles(context));
    if (wanted.server) parts.push(await serverPart(context, flags, wanted.files));
    const changes = parts.some((part) => part.changes);
    const failed = parts.some((part) => part.failed);
    const notAsked = parts.some((part) => part.notAsked);
    // A text, so that no reader takes it for "nothing to change".
    const known = changes || !(failed || notAsked) ? changes : "unknown";
    if (context.json)
      context.print(JSON.stringify(Object.assign({ changes: known }, ...parts.map(({ json }) => json))));
    else for (const part of parts) part.print();
    if (!context.json && !changes && !failed) {
      context.print(notAsked ? "no file would change; what the server holds is not known" : "nothing to change");
    }
    if (failed) context.setExitCode(EXIT.failed);
    else if (changes) context.setExitCode(EXIT.changes);
    else if (notAsked) context.setExitCode(EXIT.notReady);
  },
} satisfies CliCommand<Flags>;

function partsOf({ dir }: CliContext, { files, server, file, instance, out }: Flags): PlanParts {
  if (files && server) return { files, server };
  const other = file !== DECLARATION_FILE || instance !== undefined || out !== undefined;
  if (files && other) {
    throw new CodedError("GC1001", "--file, --instance and --out are about servers, not about files", {
      remedy: "Leave them out, or --files.",
    });
  }
  if (files || server) return { files: files === true, server: server === true };
  return other ? { files: false, server: true } : planParts(dir);
}

/** Returns what `apply` would change. With `beside`, a server that cannot be asked yet is skipped: the files stand alone. */
async function serverPart(context: CliContext, flags: Flags, beside: boolean): Promise<PlanPart> {
  const looked = await withProgress(context, "looking at what the servers hold", () =>
    planServers(context.dir, flags, (declared) => openToRead(context, declared)),
  );
  const reason = beside && !flags.server ? whyNotAsked(looked) : undefined;
  if (reason !== undefined) {
    context.log.info(`the server of this stack was not asked: ${reason}`);
    return { changes: false, notAsked: true, json: { status: "skipped", reason }, print: () => {} };
  }
  const report = reportOf(looked);
  if (flags.out !== undefined) keepPlan(context, flags.out, looked, flags);
  return {
    changes: report.actions.length > 0,
    failed: report.status === "failed",
    json: report,
    print() {
      printChanges(context, report);
      if (report.actions.length > 0) context.print(counts(report.actions));
      tellProblems(context, report);
    },
  };
}

/** Writes the plan for `apply --plan`, unless something could not be planned and so was not shown. */
function keepPlan(context: CliContext, out: string, looked: readonly LookedServer[], flags: Flags): void {
  if (reportedProblems(looked).length > 0) {
    context.log.warn(
      `${out} is not written, because not everything could be planned; correct that, or narrow the plan with --instance`,
    );
    return;
  }
  writePlanFile(resolve(context.dir, out), looked, flags);
  context.log.info(`the plan is in ${out}; to carry it out: npx glitchtip-compose apply --plan ${out}`);
}
