import type { CommandEntry } from "./command.ts";
import { withCurrentFlags } from "./confirmation.ts";

type Passing = Pick<CommandEntry, "name" | "aliases" | "passThrough">;

/**
 * Returns the arguments as commander has to read them. `help init` becomes `init --help`, which loads the command first;
 * `help all` becomes `--help`. What follows an unknown command is left out, so that no --help hides the mistake.
 * Arguments that a command passes on to a program in a container are put behind `--`, so that commander takes none of
 * them for an option of ours.
 */
export function normalizeArgv(argv: readonly string[], commands: readonly Passing[]): string[] {
  if (argv.length === 0) return ["--help"];
  if (argv[0] === "help" && argv.length > 1) {
    return argv[1] === "all" ? ["--help"] : normalizeArgv([...argv.slice(1), "--help"], commands);
  }
  const at = commandIndex(argv);
  const word = argv[at] ?? "";
  const command = commands.find(({ name, aliases }) => name === word || aliases?.includes(word));
  if (command === undefined && word !== "" && word !== "help") return argv.slice(0, at + 1);
  const start = command?.passThrough === undefined ? undefined : passThroughStart(command.passThrough, argv, at + 1);
  if (start === undefined) return withCurrentFlags(argv);
  const passed = argv[start] === "--" ? argv.slice(start + 1) : argv.slice(start);
  return [...argv.slice(0, start), "--", ...passed];
}

/** Returns whether the arguments ask for the first page: nothing at all, or help without a topic. */
export const asksForFirstPage = (argv: readonly string[]): boolean =>
  argv.length === 0 || (argv.length === 1 && ["help", "--help", "-h"].includes(argv[0] ?? ""));

/** -C is the program's only own option that takes a value. */
function commandIndex(argv: readonly string[]): number {
  let at = 0;
  while (argv[at]?.startsWith("-")) at += argv[at] === "-C" || argv[at] === "--directory" ? 2 : 1;
  return at;
}

/** `all`: from the first argument on, unless that is a lone --help. `afterName`: options before the first name are ours. */
function passThroughStart(which: "all" | "afterName", argv: readonly string[], from: number): number | undefined {
  const first = argv[from];
  if (first === undefined || ((first === "--help" || first === "-h") && argv.length === from + 1)) return undefined;
  if (which === "all") return from;
  const name = argv.findIndex((word, at) => at >= from && (word === "--" || !word.startsWith("-")));
  return name < 0 ? undefined : name;
}
