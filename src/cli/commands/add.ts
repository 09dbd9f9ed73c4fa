import { CodedError } from "../../base/errors.ts";
import { AUDIENCES, type Audience } from "../../config/schema.ts";
import { parseWords } from "../../init/index.ts";
import { parseReference, REFERENCE_FORMS } from "../../references/reference.ts";
import { type AddOptions, addApp, readWorkspace, surveyFolder, workspaceDocker } from "../../workspace/index.ts";
import { badValues } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { imageQuestions, printWorkspaceResult } from "../workspace-report.ts";

interface Flags {
  readonly project?: string;
  readonly dsn?: string;
  readonly variables?: string;
  readonly audience?: string;
  readonly preset?: string;
  readonly host?: boolean;
  readonly dotenv?: string;
  readonly entrypoint?: string;
  readonly command?: string;
  readonly pull?: boolean;
  readonly build?: boolean;
  readonly dryRun?: boolean;
}

export default {
  flags: (command) =>
    command
      .argument("[service]", "its name in your Compose file; on a terminal it may be left out")
      .option(
        "--project <name>",
        "the project it reports to, created if it does not exist; default: the service's name",
      )
      .option("--dsn <reference>", `an existing DSN instead of a project: ${REFERENCE_FORMS}`)
      .option("--variables <names>", "variables that get the DSN, with commas; default SENTRY_DSN")
      .option("--audience <who>", `who uses the DSN: ${AUDIENCES.join(", ")}`)
      .option("--preset <framework>", "the variables that a framework reads")
      .option("--host", "a program on this machine, outside of Compose, with --dotenv")
      .option("--dotenv <path>", "the file, such as .env.local, in which up and provision keep its DSN")
      .option("--entrypoint <json>", "the image's entrypoint, if your Compose file states none")
      .option("--command <json>", "the image's command, if your Compose file states none")
      .option("--pull", "pull the image if it is missing and its entrypoint and command are needed")
      .option("--build", "build it instead, where the service has a build section")
      .option("--dry-run", "only say what would be written")
      .option("--yes", "ask nothing"),
  async run(context, flags, [given]) {
    const service = given ?? (await pickService(context));
    const options = { ...optionsOf(flags), ...imageQuestions(context) };
    await printWorkspaceResult(
      context,
      await addApp({ ...context, docker: workspaceDocker(context) }, service, options),
    );
  },
} satisfies CliCommand<Flags>;

/** Asks for one of the services that have no DSN yet. Throws GC1001 where none is left or nobody can be asked. */
async function pickService(context: CliContext): Promise<string> {
  const { services } = surveyFolder(context.dir);
  const { apps } = readWorkspace(context.dir, context.env).declaration;
  const left = services.filter((name) => !Object.hasOwn(apps, name));
  if (context.interactive && left.length > 0) {
    const { askService } = await import("../init-questions.ts");
    return await askService(context, left);
  }
  throw new CodedError("GC1001", "add: the service is missing", {
    remedy:
      left.length > 0
        ? `Name one of ${left.join(", ")}: npx glitchtip-compose add ${left[0]}`
        : "Every service here has a DSN. For a program outside of Compose: npx glitchtip-compose add NAME --host --dotenv FILE",
  });
}

function optionsOf(flags: Flags): AddOptions {
  const problems: string[] = [];
  const list = (flag: "entrypoint" | "command") => {
    const value = flags[flag];
    const parsed = value === undefined ? undefined : parseWords(value);
    if (value !== undefined && parsed === undefined)
      problems.push(`--${flag} ${value}: must be a JSON list: ["WORD","…"]`);
    return parsed;
  };
  if (flags.audience !== undefined && !AUDIENCES.includes(flags.audience as Audience)) {
    problems.push(`--audience ${flags.audience}: must be one of ${AUDIENCES.join(", ")}`);
  }
  if (flags.dsn !== undefined && parseReference(flags.dsn) === undefined)
    problems.push(`--dsn: must be ${REFERENCE_FORMS}`);
  if (flags.dsn !== undefined && flags.project !== undefined)
    problems.push("--dsn and --project cannot be used together");
  const options = {
    ...flags,
    variables: flags.variables?.split(","),
    entrypoint: list("entrypoint"),
    command: list("command"),
  };
  if (problems.length > 0) throw badValues(problems);
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
