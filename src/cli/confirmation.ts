import type { Command } from "commander";
import { CodedError, EXIT } from "../base/errors.ts";
import { collect } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { confirmed, typed } from "./screen.ts";

/** The flags of every command that removes or replaces something. */
export interface ConfirmationFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** The names of what loses its data. */
  readonly confirm?: readonly string[];
}

interface DestructiveCommand {
  /** What its --dry-run does. */
  readonly dryRun: string;
  /** Set where it asks a yes-or-no question, or only a name: what --yes answers. */
  readonly yes?: string;
  /** Set where data may go for good: what has to be named. */
  readonly confirm?: { readonly name: string; readonly of: string };
}

const STACK_NAME = {
  name: "<project>",
  of: "the Compose project's name: confirms that data is removed, without a question",
};
const DO_NOT_ASK = "answer the question with yes";
const NAME_AS_WELL = "do not ask; to remove data, --confirm is needed as well";

/**
 * Every command that removes or replaces something, and how it is confirmed: `--dry-run` only shows it, `--yes` answers
 * questions, and where data goes for good its name has to be typed or given by `--confirm`.
 */
export const DESTRUCTIVE_COMMANDS = {
  apply: {
    dryRun: "only show what would change, as plan does; exit code 3 if anything would",
    yes: NAME_AS_WELL,
    confirm: { name: "<name>", of: "confirm that `prune` deletes this organization or project; repeatable" },
  },
  backup: {
    dryRun: "for prune: only list what would be deleted",
    yes: `for prune: ${NAME_AS_WELL}`,
    confirm: { ...STACK_NAME, of: `for prune: ${STACK_NAME.of}` },
  },
  clean: { dryRun: "only list what would be removed", yes: NAME_AS_WELL, confirm: STACK_NAME },
  down: { dryRun: "only list what would be removed", yes: NAME_AS_WELL, confirm: STACK_NAME },
  eject: { dryRun: "only say which files would become yours" },
  import: {
    dryRun: "write nothing; print the declaration, or what a configuration would change",
    yes: `for a configuration: ${DO_NOT_ASK}`,
  },
  organization: {
    dryRun: "change nothing; only say what would be changed",
    yes: `for remove: ${NAME_AS_WELL}`,
    confirm: { name: "<email>", of: "for remove: the address again: confirms it without a question" },
  },
  remove: { dryRun: "only say what would be written" },
  restart: { dryRun: "only say what would be restarted" },
  restore: {
    dryRun: "only check: nothing is stopped, written or asked",
    yes: NAME_AS_WELL,
    confirm: STACK_NAME,
  },
  rollback: { dryRun: "only say what would be done", yes: NAME_AS_WELL, confirm: STACK_NAME },
  rotate: { dryRun: "only show what would be done, or how far a rotation is", yes: "delete the key without asking" },
  secrets: { dryRun: "for rotate: only say what the rotation would affect", yes: `for rotate: ${DO_NOT_ASK}` },
  uninstall: { dryRun: "only list what would be removed and changed", yes: NAME_AS_WELL, confirm: STACK_NAME },
  upgrade: {
    dryRun: "only say what would change and be done; exit code 3 if anything would",
    yes: NAME_AS_WELL,
    confirm: { ...STACK_NAME, of: `for --cleanup: ${STACK_NAME.of}` },
  },
  user: {
    dryRun: "change nothing; only say what would be changed",
    yes: `for delete: ${NAME_AS_WELL}`,
    confirm: { name: "<email>", of: "for delete: the address again: confirms it without a question" },
  },
} as const satisfies Readonly<Record<string, DestructiveCommand>>;

/** Adds --dry-run, --yes and --confirm as this command has them. */
export function withConfirmation(command: Command, name: keyof typeof DESTRUCTIVE_COMMANDS): Command {
  const { dryRun, yes, confirm }: DestructiveCommand = DESTRUCTIVE_COMMANDS[name];
  command.option("--dry-run", dryRun);
  if (yes !== undefined) command.option("--yes", yes);
  if (confirm !== undefined) command.option(`--confirm ${confirm.name}`, confirm.of, collect);
  return command;
}

/** Flags of earlier versions, each with the name of what loses its data. */
const EARLIER = /^--yes-(?:clean|cleanup|delete|restore|rollback|uninstall)(?==|$)/;

/** Returns the arguments with `--confirm` in place of the flags that earlier versions had for it. */
export const withCurrentFlags = (argv: readonly string[]): string[] =>
  argv.map((word) => word.replace(EARLIER, "--confirm"));

type Asking = Pick<CliContext, "interactive" | "signal" | "log" | "setExitCode">;

/**
 * Returns whether the user agrees. Where data goes for good, `name` is what has to be typed or given by --confirm; without
 * it --yes is enough. Says that nothing was changed, and sets the exit code, where the user does not agree.
 * Throws GC1002 without a terminal, and GC1001 where --confirm names something else.
 */
export async function agreed(
  context: Asking,
  flags: ConfirmationFlags,
  question: { readonly text: string; readonly name?: string | undefined },
): Promise<boolean> {
  const { text, name } = question;
  if (name === undefined ? await mayGoOn(context, flags, text) : await isNamed(context, flags, text, name)) return true;
  context.log.info("Nothing was changed.");
  context.setExitCode(EXIT.failed);
  return false;
}

const mayGoOn = async (context: Asking, { yes = false }: ConfirmationFlags, text: string): Promise<boolean> =>
  yes || (await confirmed(context, text, "--yes"));

async function isNamed(context: Asking, { confirm = [] }: ConfirmationFlags, text: string, name: string) {
  const other = confirm.find((given) => given !== name);
  if (other !== undefined) {
    throw new CodedError("GC1001", `--confirm ${other}: the name to confirm is ${name}`, {
      remedy: `If you mean it: ${naming(name)}`,
    });
  }
  return confirm.length > 0 || (await typed(context, text, name, naming(name)));
}

/** Returns the flag that names what loses its data, quoted for a shell. */
export const naming = (name: string): string =>
  `--confirm ${/^[\w.@-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`}`;
