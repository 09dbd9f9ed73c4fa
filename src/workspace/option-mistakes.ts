import { CodedError } from "../base/errors.ts";

/** An option, and the key of the declaration that it stated. */
interface StatedOption {
  readonly path: readonly string[];
  /** The option as the message shows it, such as `--dotenv .env.local`. */
  readonly shown: string;
}

/** `glitchtip.yaml:21:45: apps.dev.dotenv: must be …`; the place is missing where the declaration has no text yet. */
const PLACE = /^[^\s:]+:\d+:\d+: /;
const PROBLEM = /^(?:[^\s:]+:\d+:\d+: )?([^\s:]+): (.*)$/s;

/**
 * Returns a mistake in a declaration that a command has just composed as one of the options that stated it: the line is in no
 * file. Any other error is returned as it is.
 */
export function asOptionMistake(
  error: unknown,
  options: readonly StatedOption[],
  ways: readonly string[] = [],
): unknown {
  if (!(error instanceof CodedError) || error.code !== "GC1101") return error;
  const problems = error.problems.map((problem) => {
    const [, key = "", what = ""] = PROBLEM.exec(problem) ?? [];
    const option = options.find(({ path }) => key === path.join(".") || key.startsWith(`${path.join(".")}.`));
    return option && `${option.shown}: ${what}`;
  });
  if (problems.every((problem) => problem === undefined)) return error;
  return new CodedError("GC1101", "these options cannot be used, and nothing was written:", {
    // What follows from an option, such as the URL of a domain, has no line in the file either.
    problems: problems.map((problem, at) => problem ?? (error.problems[at] ?? "").replace(PLACE, "")),
    remedy: ["Correct the options, then run the command again.", ...ways].join(" "),
    cause: error,
  });
}
