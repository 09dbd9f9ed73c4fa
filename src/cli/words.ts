import type { CommandEntry } from "./command-list.ts";

/**
 * What is typed, as commander is to read it. `help init` is `init --help`, which loads the command first; nothing at all
 * is a question for help. What a command passes on to a program in a container is put behind a `--`, so that nothing of
 * it is taken for ours, whatever it looks like.
 */
export function wordsFor(words: readonly string[], commands: readonly CommandEntry[]): string[] {
  if (words.length === 0) return ["--help"];
  if (words[0] === "help" && words.length > 1) return [...words.slice(1), "--help"];
  const at = commandAt(words);
  const command = commands.find(
    ({ name, alias }) => name === words[at] || (alias !== undefined && alias === words[at]),
  );
  const begins = command?.passes === undefined ? undefined : beginOf(command.passes, words, at + 1);
  if (begins === undefined) return [...words];
  const passed = words[begins] === "--" ? words.slice(begins + 1) : words.slice(begins);
  return [...words.slice(0, begins), "--", ...passed];
}

/** Of the program's own options only this one takes a word after it. */
function commandAt(words: readonly string[]): number {
  let at = 0;
  while (words[at]?.startsWith("-")) at += words[at] === "-C" || words[at] === "--directory" ? 2 : 1;
  return at;
}

/** `all`: from the first word on, a lone --help apart. `afterName`: what stands before the first name is ours. */
function beginOf(passes: "all" | "afterName", words: readonly string[], from: number): number | undefined {
  const first = words[from];
  if (first === undefined || ((first === "--help" || first === "-h") && words.length === from + 1)) return undefined;
  if (passes === "all") return from;
  const name = words.findIndex((word, at) => at >= from && (word === "--" || !word.startsWith("-")));
  return name < 0 ? undefined : name;
}
