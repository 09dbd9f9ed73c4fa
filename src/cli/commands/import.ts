import { resolve } from "node:path";
import { stdin } from "node:process";
import { text } from "node:stream/consumers";
import { counted } from "../../base/counted.ts";
import { EXIT } from "../../base/errors.ts";
import {
  applyServers,
  declaredServers,
  IMPORT_KINDS,
  type ImportResult,
  importInto,
  lockServers,
  lookAt,
  type MovedDsn,
  movedDsns,
  type Report,
  readConfiguration,
  reportOf,
  requireOne,
  wantedOf,
  withOrganization,
} from "../../management/index.ts";
import { requireWord } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import type { CliContext } from "../context.ts";
import { withProgress } from "../screen.ts";
import { counts, printChanges, reportDryRun, tellProblems } from "../server-changes.ts";
import { openDeclared, type ServerFlags } from "../server-options.ts";
import { table } from "../table.ts";

interface Flags extends ConfirmationFlags {
  readonly file: string;
  readonly instance?: string;
  readonly url?: string;
  readonly token?: string;
  readonly prefer?: string;
}

export default {
  actions: [...IMPORT_KINDS, "configuration"],
  flags: (command) =>
    withConfirmation(
      command
        .argument(
          "<kind>",
          "app-interface: a folder with its YAML; terraform: a state of a GlitchTip provider; configuration: a file that export wrote",
        )
        .argument("<path>", "the folder or file; - reads a state from stdin")
        .option("--file <path>", "the declaration to write or to add to", "glitchtip.yaml")
        .option("--instance <name>", "app-interface: only this instance; configuration: the server to import into")
        .option("--url <url>", "the server's address, which a Terraform state holds only inside DSNs")
        .option("--token <reference>", "where its API token is, for terraform; default env:GLITCHTIP_TOKEN")
        .option("--prefer <whose>", "which side wins a conflict: mine or imported"),
      "import",
    ),
  async run(context, { file, prefer, dryRun = false, yes = false, instance, url, token }, [kind = "", path = ""]) {
    if (kind === "configuration") {
      return await importConfiguration(context, path, { file, dryRun, yes, ...(instance && { instance }) });
    }
    const options = {
      kind: requireWord(IMPORT_KINDS, kind, "<kind>"),
      path,
      piped: path === "-" ? await text(stdin) : undefined,
      file,
      prefer: prefer === undefined ? undefined : requireWord(["mine", "imported"] as const, prefer, "--prefer"),
      dryRun,
      instance,
      url,
      token,
    };
    const result = await withProgress(context, `reading ${path}`, () => importInto(context.dir, options));
    for (const { where, why } of result.left) context.log.info(`left out: ${where}: ${why}`);
    for (const { reference, of } of result.secrets) context.log.info(`to be set: ${reference} = ${of}`);
    for (const note of result.notes) context.log.info(`note: ${note}`);
    context.print(context.json ? JSON.stringify(result) : dryRun ? result.text : summary(result));
  },
} satisfies CliCommand<Flags>;

function summary({ file, created, changed, added, replaced, kept, projects, organizations }: ImportResult): string {
  const what = `${counted(projects, "project")} of ${counted(organizations, "organization")}`;
  if (created) return `wrote ${file}: ${what}\nnext: npx glitchtip-compose plan`;
  const lines = [
    ...added.map((path) => `added ${path}`),
    ...replaced.map((path) => `replaced ${path}`),
    ...kept.map((path) => `kept yours: ${path}`),
  ];
  return [
    ...lines,
    changed
      ? `changed ${file}: ${what}\nnext: npx glitchtip-compose plan`
      : `${file} already contains all of it: ${what}`,
  ].join("\n");
}

interface ConfigurationFlags extends ServerFlags {
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** Makes on this workspace's server what an exported configuration holds; a second run changes nothing. */
async function importConfiguration(context: CliContext, path: string, flags: ConfigurationFlags): Promise<void> {
  const configuration = readConfiguration(resolve(context.dir, path));
  const declared = [
    wantedOf(
      requireOne(declaredServers(context.dir, flags, (text) => withOrganization(text, configuration))),
      configuration,
    ),
  ];
  await using _locks = await lockServers(context, declared);
  await using servers = openDeclared(context, declared);
  const looked = await withProgress(context, "looking at what the server holds", () => lookAt(servers, {}));
  const planned = reportOf(looked);
  if (!context.json) printChanges(context, planned);
  if (flags.dryRun) return reportDryRun(context, planned);
  const { actions } = planned;
  if (actions.length > 0 && !(await agreed(context, flags, { text: `${counts(actions)}: import?` }))) {
    return context.setExitCode(EXIT.interrupted);
  }
  const outcomes = await withProgress(context, "importing", () =>
    applyServers(servers, looked, { wanted: () => true }),
  );
  const dsns = await withProgress(context, "reading the new keys", () => movedDsns(servers, configuration));
  reportImport(context, reportOf(looked, outcomes), dsns);
}

function reportImport(context: CliContext, report: Report, dsns: readonly MovedDsn[]): void {
  const count = report.actions.length;
  if (context.json) context.print(JSON.stringify({ dryRun: false, ...report, dsns }));
  else
    context.print(count === 0 ? "nothing to change" : `applied ${report.applied_count} of ${counted(count, "change")}`);
  if (!context.json && dsns.length > 0) context.print(table([["PROJECT", "OLD DSN", "NEW DSN"], ...dsns.map(dsnRow)]));
  tellProblems(context, report);
  if (report.status === "failed") context.setExitCode(EXIT.failed);
}

const dsnRow = ({ organization, project, from, to }: MovedDsn) => [`${organization}/${project}`, from, to ?? "missing"];
