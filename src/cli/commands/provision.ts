import { CodedError, EXIT } from "../../base/errors.ts";
import { loadDeclaration } from "../../config/load.ts";
import { openDocker } from "../../docker/index.ts";
import { chooseApps, type LocalResult, type ProvisionChange, provisionLocally } from "../../provision/index.ts";
import { parseReference, REFERENCE_FORMS } from "../../references/reference.ts";
import { DECLARATION_FILE, readDeclarationText } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { withProgress } from "../screen.ts";
import { table } from "../table.ts";

interface Flags {
  readonly url?: string;
  readonly token?: string;
  readonly check?: boolean;
  readonly out?: string;
  readonly dotenv?: string;
  readonly readyWithin: string;
}

export default {
  flags: (command) =>
    command
      .argument("[app...]", "whose DSNs are written; default: all of the declaration")
      .option("--url <url>", "where this machine reaches GlitchTip; default: server.url, else the published port")
      .option("--token <reference>", `${REFERENCE_FORMS} of an API token; default: as declared`)
      .option("--check", "change nothing; exit code 3 if a run would change something")
      .option("--out <folder>", "write a file APP.env for each app, for a shell to source")
      // The option is not called --env-file, because Node 20 takes that for its own wherever it stands.
      .option("--dotenv <path>", "write one file of NAME='value' lines, as docker compose and dotenv read them")
      .option("--ready-within <seconds>", "how long GlitchTip may take to answer", "300"),
  async run(context, flags, apps) {
    const { check = false } = flags;
    const readyWithinMs = checkFlags(flags);
    const declaration = loadDeclaration(readDeclarationText(context.dir), DECLARATION_FILE);
    chooseApps(declaration, apps);
    const result = await withProgress(context, check ? "looking at GlitchTip" : "provisioning", (progress) =>
      provisionLocally(
        { ...context, log: { ...context.log, step: progress.say }, docker: openDocker(context) },
        declaration,
        { ...flags, apps, check, readyWithinMs },
      ),
    );
    const { problem, ...rest } = result;
    if (context.json) context.print(JSON.stringify({ check, ...rest, ...(problem ? { problem } : {}) }));
    else context.print(text(result, check));
    if (problem !== undefined && !context.json) throw problem;
    const isDone = !check || (result.changes.length === 0 && result.files.length === 0);
    context.setExitCode(problem?.exitCode ?? (isDone ? EXIT.done : EXIT.changes));
  },
} satisfies CliCommand<Flags>;

/** Returns --ready-within in milliseconds. Throws GC1001 with every bad flag; a token given by value is not shown. */
function checkFlags({ url, token, readyWithin }: Flags): number {
  const problems: string[] = [];
  if (url !== undefined && !(/^https?:\/\/[^/\s@]+(\/[^\s?#]*)?$/.test(url) && URL.canParse(url))) {
    problems.push("--url: must be an http:// or https:// address without user, query or fragment");
  }
  if (token !== undefined && parseReference(token) === undefined) {
    problems.push(`--token: must be ${REFERENCE_FORMS}; the token itself would be seen by everyone on this machine`);
  }
  if (!/^[1-9]\d{0,4}$/.test(readyWithin)) problems.push(`--ready-within ${readyWithin}: must be a number of seconds`);
  if (problems.length > 0) throw new CodedError("GC1001", "flags that cannot be used:", { problems });
  return Number(readyWithin) * 1_000;
}

function text({ server, apps, changes, files }: LocalResult, check: boolean): string {
  if (server === undefined) return "every app has a given DSN, so there is nothing to provision";
  const would = check ? "would " : "";
  const rows = Object.entries(apps).map(([app, { project, dsn, variables }]) => [
    app,
    project,
    dsn,
    Object.keys(variables).join(", "),
  ]);
  const lines = [
    ...changes.map((change) => would + sentence(change)),
    ...files.map((path) => `${would}write ${path}`),
    ...(check && changes.length + files.length === 0 ? ["nothing to change"] : []),
  ];
  return [...(rows.length === 0 ? [] : [table([["APP", "PROJECT", "DSN", "VARIABLES"], ...rows]), ""]), ...lines]
    .join("\n")
    .trimEnd();
}

function sentence(change: ProvisionChange): string {
  switch (change.type) {
    case "create-token":
      return "create an API token; what else is missing can only be seen with one (--token)";
    case "create-organization":
      return `create organization "${change.name}"`;
    case "create-team":
      return `create team ${change.slug}`;
    case "create-project":
      return `create project "${change.name}" for team ${change.team}`;
    case "link-team":
      return `link team ${change.team} to project ${change.project}`;
    case "create-key":
      return `create a key for project "${change.project}"`;
  }
}
