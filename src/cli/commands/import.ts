import { stdin } from "node:process";
import { text } from "node:stream/consumers";
import { didYouMean } from "../../base/did-you-mean.ts";
import { CodedError } from "../../base/errors.ts";
import { IMPORT_KINDS, type ImportResult, importInto } from "../../management/index.ts";
import type { CliCommand } from "../command.ts";
import { importConfiguration } from "../import-configuration.ts";
import { withProgress } from "../screen.ts";

interface Flags {
  readonly file: string;
  readonly instance?: string;
  readonly url?: string;
  readonly token?: string;
  readonly prefer?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** What other tools' files say of a server becomes the declaration. */
export default {
  flags: (command) =>
    command
      .argument(
        "<kind>",
        "app-interface: a folder with its YAML; terraform: a state of a GlitchTip provider; configuration: what export wrote, into this project's server",
      )
      .argument("<path>", "of that folder or file; - for a state that is piped in")
      .option("--file <path>", "the declaration to write or to add to", "glitchtip.yaml")
      .option(
        "--instance <name>",
        "only this one of app-interface's instances; for a configuration: the server it goes to",
      )
      .option("--url <url>", "where the server is; a Terraform state tells it by DSNs only")
      .option("--token <reference>", "where its API token is, for terraform; default env:GLITCHTIP_TOKEN")
      .option("--prefer <whose>", "mine or imported, where the declaration says something else")
      .option("--dry-run", "write nothing; print the declaration, or what a configuration would change")
      .option("--yes", "for a configuration: do not ask"),
  async run(context, { file, prefer, dryRun = false, yes = false, instance, url, token }, [kind = "", path = ""]) {
    if (kind === "configuration") {
      return await importConfiguration(context, path, { file, dryRun, yes, ...(instance && { instance }) });
    }
    const options = {
      kind: oneOf(IMPORT_KINDS, kind, "<kind>"),
      path,
      piped: path === "-" ? await text(stdin) : undefined,
      file,
      prefer: prefer === undefined ? undefined : oneOf(["mine", "imported"] as const, prefer, "--prefer"),
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

function oneOf<T extends string>(all: readonly T[], given: string, of: string): T {
  const found = all.find((one) => one === given);
  if (found !== undefined) return found;
  const remedy = `Give one of ${all.join(", ")}.`;
  throw new CodedError("GC1001", `${of} cannot be ${given}${didYouMean(given, all)}`, { remedy });
}

function summary({ file, created, changed, added, replaced, kept, projects, organizations }: ImportResult): string {
  const what = `${counted(projects, "project")} of ${counted(organizations, "organization")}`;
  if (created) return `wrote ${file}: ${what}\nnext: glitchtip-compose plan`;
  const lines = [
    ...added.map((path) => `added ${path}`),
    ...replaced.map((path) => `replaced ${path}`),
    ...kept.map((path) => `kept yours: ${path}`),
  ];
  return [
    ...lines,
    changed ? `changed ${file}: ${what}\nnext: glitchtip-compose plan` : `${file} says all of it already: ${what}`,
  ].join("\n");
}

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
