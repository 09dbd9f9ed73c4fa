import { resolve } from "node:path";
import { CodedError, EXIT } from "../base/errors.ts";
import {
  applyServers,
  declaredServers,
  lockServers,
  lookAt,
  type MovedDsn,
  movedDsns,
  readConfiguration,
  reportOf,
  requireOne,
  wantedOf,
} from "../management/index.ts";
import type { CliContext } from "./context.ts";
import { confirmed, table, withProgress } from "./screen.ts";
import { counts, printChanges, tellProblems } from "./server-changes.ts";
import { openDeclared, type ServerFlags } from "./server-part.ts";

export interface ImportConfigurationFlags extends ServerFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Makes on this project's server what an exported configuration holds; a second time changes nothing. */
export async function importConfiguration(
  context: CliContext,
  path: string,
  flags: ImportConfigurationFlags,
): Promise<void> {
  const configuration = readConfiguration(resolve(context.dir, path));
  const declared = [wantedOf(requireOne(declaredServers(context.dir, flags)), configuration)];
  await using _locks = await lockServers(context, declared);
  await using servers = openDeclared(context, declared);
  const looked = await withProgress(context, "looking at what the server holds", () => lookAt(servers, {}));
  const planned = reportOf(looked);
  if (!context.json) printChanges(context, planned);
  if (flags.dryRun) {
    if (context.json) context.print(JSON.stringify({ dryRun: true, ...planned }));
    else if (planned.actions.length === 0 && planned.status !== "failed") context.print("nothing to change");
    tellProblems(context, planned);
    const would = planned.actions.length > 0 ? EXIT.changes : EXIT.done;
    return context.setExitCode(planned.status === "failed" ? EXIT.failed : would);
  }
  const { actions } = planned;
  if (actions.length > 0 && !flags.yes && !(await confirmed(context, `${counts(actions)}: import?`, "--yes"))) {
    throw new CodedError("GC1003", "nothing was changed");
  }
  const outcomes = await withProgress(context, "importing", () =>
    applyServers(servers, looked, { wanted: () => true }),
  );
  const report = reportOf(looked, outcomes);
  const dsns = await withProgress(context, "reading the new keys", () => movedDsns(servers, configuration));
  if (context.json) context.print(JSON.stringify({ dryRun: false, ...report, dsns }));
  else {
    context.print(
      actions.length === 0 ? "nothing to change" : `applied ${report.applied_count} of ${actions.length} changes`,
    );
    if (dsns.length > 0) context.print(table([["PROJECT", "OLD DSN", "NEW DSN"], ...dsns.map(row)]));
  }
  tellProblems(context, report);
  if (report.status === "failed") context.setExitCode(EXIT.failed);
}

const row = ({ organization, project, from, to }: MovedDsn) => [
  `${organization}/${project}`,
  from,
  to ?? "is not there",
];
