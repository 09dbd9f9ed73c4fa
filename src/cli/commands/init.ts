import type { Command } from "commander";
import { CodedError, EXIT } from "../../base/errors.ts";
import { type InitOptions, init as initOperation } from "../../init/index.ts";
import { workspaceDocker } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { type ProductionFlags, productionHost, productionOptions, withProductionFlags } from "../production-flags.ts";
import { questionsOf, show, words } from "../project-files.ts";
import { type ServerFlags, serverOptions, withServerFlags } from "../server-flags.ts";
import { sizeFlag } from "../size-flags.ts";

interface Flags extends ProductionFlags, ServerFlags {
  readonly app?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly email?: string;
  readonly organization?: string;
  readonly port?: string;
  readonly url?: string;
  readonly image?: string;
  readonly topology?: string;
  readonly valkey?: string;
  readonly registration?: string;
  readonly provisioner?: string;
  readonly size?: string;
  readonly pull?: boolean;
  readonly build?: boolean;
  readonly dryRun?: boolean;
}

const each = (value: string, all: readonly string[] = []): readonly string[] => [...all, value];

/** Makes a project's files, or brings them up to date with its declaration. */
export default {
  flags: (command: Command) =>
    withServerFlags(withProductionFlags(command))
      .option("--app <service=project>", "a service that gets a DSN, and its project; repeatable", each)
      .option("--entrypoint <service=json>", "the image's entrypoint, where your file does not state one", each)
      .option("--command <service=json>", "the image's command, where your file does not state one", each)
      .option("--email <address>", "the administrator's e-mail address")
      .option("--organization <name>", "the organization's name; default: the folder's")
      .option("--port <number>", "GlitchTip's port on 127.0.0.1; default 8000")
      .option("--url <url>", "what browsers use; default http://localhost and the port")
      .option("--image <image>", "GlitchTip's image; default glitchtip/glitchtip:6")
      .option("--topology <kind>", "all-in-one, split or single-container")
      .option("--valkey <kind>", "off or bundled")
      .option("--registration <state>", "closed or open")
      .option(
        "--size <events/days>",
        "events a day and for how long they are kept, such as 50000/90d: limits by `size`",
      )
      .option("--provisioner <how>", "mount, build or image:NAME")
      .option("--pull", "fetch images that are not here, where only they know how an app starts")
      .option("--build", "build them, where the service has a build")
      .option("--dry-run", "only say what would be written")
      .option("--yes", "ask nothing"),
  async run(context, flags) {
    const own = { ...optionsOf(flags), ...(await productionOptions(flags, askingDomain(context))) };
    const given = { ...own, ...serverOptions(flags, own) };
    const asked = context.interactive ? await (await import("../init-questions.ts")).askInit(context, given) : given;
    const { pull, build } = flags;
    const images = { ...(pull && { pull }), ...(build && { build }), ...questionsOf(context) };
    const result = await initOperation(
      { ...context, docker: workspaceDocker(context), host: productionHost(context, flags) },
      { ...asked, ...images },
    );
    // Of a project that is made just now there is nothing to compare.
    const isNew = result.created.includes("glitchtip.yaml");
    await show(context, result, { diffs: !isNew });
    if (flags.dryRun && !isNew && !result.nothingToChange) context.setExitCode(EXIT.changes);
  },
} satisfies CliCommand<Flags>;

const askingDomain = (context: CliContext) =>
  context.interactive ? async () => (await import("../init-questions.ts")).askDomain(context) : undefined;

function optionsOf(flags: Flags): InitOptions {
  const problems: string[] = [];
  const oneOf = <T extends string>(flag: string, value: string | undefined, ...allowed: T[]): T | undefined => {
    if (value === undefined || allowed.includes(value as T)) return value as T | undefined;
    problems.push(`--${flag} ${value}: ${allowed.join(" or ")}`);
    return undefined;
  };
  const pairs = <T>(flag: string, values: readonly string[] | undefined, read: (text: string) => T | undefined) => {
    if (values === undefined) return undefined;
    const entries = values.flatMap((value) => {
      const at = value.indexOf("=");
      const parsed = at > 0 ? read(value.slice(at + 1)) : undefined;
      if (parsed === undefined)
        problems.push(`--${flag} ${value}: SERVICE=${flag === "app" ? "PROJECT" : '["WORD","…"]'}`);
      return parsed === undefined ? [] : [[value.slice(0, at), parsed] as const];
    });
    return Object.fromEntries(entries);
  };
  const port = flags.port === undefined ? undefined : Number(flags.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65536)) {
    problems.push(`--port ${flags.port}: a number from 1 to 65535`);
  }
  const options = {
    apps: pairs("app", flags.app, (project) => project || undefined),
    entrypoints: pairs("entrypoint", flags.entrypoint, words),
    commands: pairs("command", flags.command, words),
    email: flags.email,
    organization: flags.organization,
    port,
    url: flags.url,
    image: flags.image,
    topology: oneOf("topology", flags.topology, "all-in-one", "split", "single-container"),
    valkey: oneOf("valkey", flags.valkey, "off", "bundled"),
    registration: oneOf("registration", flags.registration, "closed", "open"),
    provisioner: flags.provisioner,
    size: flags.size === undefined ? undefined : sizeFlag(flags.size, problems),
    dryRun: flags.dryRun,
  };
  if (problems.length > 0) throw new CodedError("GC1001", "these values cannot be used:", { problems });
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
