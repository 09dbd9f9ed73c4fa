import { dirname, join, resolve } from "node:path";
import { CodedError, EXIT } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";
import { loadDeclaration } from "../../config/load.ts";
import { providedVariables, writeProvidedEnv } from "../../provision/index.ts";
import { DECLARATION_FILE, readDeclarationText } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";

/** A message to Compose, which reads one JSON value a line from stdout. */
type Line = { readonly type: "info" | "debug" | "error" | "setenv" | "rawsetenv"; readonly message: string };

/** The answer to `compose metadata`. Compose passes only those options of a `provider` that are named here. */
const METADATA = {
  description: "Hands the DSN of a GlitchTip that runs already to the services that depend on it",
  up: { parameters: [] },
  down: { parameters: [] },
};

/**
 * Answers Compose's calls to a provider: `compose --project-name=NAME up|down SERVICE` and `compose metadata`. `down`
 * always succeeds: there is nothing to take down, and a failure would leave containers behind.
 */
export default {
  flags: (command) =>
    command
      .argument("[words...]", "the arguments that Compose passes")
      .allowUnknownOption()
      .option("--project-name <name>", "the Compose project; the declaration's folder decides"),
  async run(context, _, args) {
    const [verb, service] = args.filter((word) => !word.startsWith("-"));
    if (verb === "metadata") return context.print(JSON.stringify(METADATA));
    if (verb === "up") return await up(context, service ?? "");
    if (verb === "down" || verb === "stop") return;
    throw new CodedError("GC1001", `compose ${verb ?? ""}: Compose calls only up, down and metadata`, {
      remedy: "See: npx glitchtip-compose compose --help",
    });
  },
} satisfies CliCommand;

async function up(context: CliContext, service: string): Promise<void> {
  const say = (type: Line["type"], message: string) => context.print(JSON.stringify({ type, message } satisfies Line));
  const info = (text: string) => say("info", text);
  const log: Log = { info, step: info, warn: info, debug: (text) => say("debug", text) };
  try {
    const dir = projectFolder(context.dir);
    const declaration = loadDeclaration(readDeclarationText(dir), DECLARATION_FILE);
    const variables = await providedVariables({ ...context, dir, log }, declaration, service);
    // Compose names the messages that it understands; an unknown one would fail the whole `up`.
    const exactNames = (context.env.COMPOSE_PROVIDER_MESSAGES ?? "").split(",").includes("rawsetenv");
    for (const [name, value] of Object.entries(variables)) {
      say("setenv", `${name}=${value}`);
      if (exactNames) say("rawsetenv", `${name}=${value}`);
    }
    const changed = writeProvidedEnv(dir, declaration, { service, variables, exactNames });
    if (changed.length > 0 && exactNames)
      info(`the DSN of ${changed.join(", ")} has changed: docker compose up -d again`);
  } catch (error) {
    const cause = context.signal.aborted ? context.signal.reason : error;
    if (!(cause instanceof CodedError)) throw cause;
    const { code, message, problems, remedy } = cause;
    say("error", [`${code}: ${message}`, ...problems, ...(remedy === undefined ? [] : [`→ ${remedy}`])].join("\n"));
    context.setExitCode(cause.exitCode === EXIT.done ? EXIT.failed : cause.exitCode);
  }
}

/** Returns the nearest folder upwards with a declaration: Compose may be called below it. */
function projectFolder(from: string): string {
  for (let dir = resolve(from); ; dir = dirname(dir)) {
    if (readIfThere(join(dir, DECLARATION_FILE)) !== undefined) return dir;
    if (dirname(dir) === dir) return from;
  }
}
