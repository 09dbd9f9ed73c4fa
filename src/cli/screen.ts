import { stderr, stdin } from "node:process";
import { isatty } from "node:tty";
import { cleanLine } from "../base/clean.ts";
import { CodedError } from "../base/errors.ts";
import type { CliContext } from "./context.ts";
import { openProgressLine } from "./progress-line.ts";
import { discardTypedAhead } from "./typed-ahead.ts";

const COLOURS = { good: 32, doubtful: 33, bad: 31, faint: 2, cyan: 36, blue: 34, magenta: 35, white: 37 } as const;
export type Colour = keyof typeof COLOURS;
export type Paint = (colour: Colour, text: string) => string;

/** Returns how to colour text on stdout: only on a terminal, never with NO_COLOR, TERM=dumb or --json. */
export function paintFor({ env, json }: Pick<CliContext, "env" | "json">, terminal = isatty(1)): Paint {
  const plain = json || !terminal || Boolean(env.NO_COLOR) || env.TERM === "dumb";
  return plain ? (_, text) => text : (colour, text) => `\u001b[${COLOURS[colour]}m${text}\u001b[0m`;
}

/** Neighbours in a list get different colours; none of them is the colour of good or bad. */
const NAME_COLOURS = ["cyan", "magenta", "blue", "white"] as const;
export const paintName = (paint: Paint, name: string, index: number): string =>
  paint(NAME_COLOURS[Math.max(0, index) % NAME_COLOURS.length] ?? "cyan", name);

/** Returns an age for a person, such as "3 min"; the exact time is in --json. */
export function ago(sinceMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - sinceMs) / 1_000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  const hours = Math.round(seconds / 3_600);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

interface Progress {
  /** Says what is being done now. */
  say(text: string): void;
}

/** Shows what is being done until the work ends: one line on a terminal, lines elsewhere. */
export async function withProgress<T>(
  context: Pick<CliContext, "log" | "json">,
  text: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  if (context.json || !isatty(2)) {
    context.log.step(text);
    return await work({ say: (more) => context.log.step(more) });
  }
  using line = openProgressLine(stderr, cleanLine(text));
  return await work({ say: (more) => line.say(cleanLine(more)) });
}

/** Asks yes or no, with no as the default unless `isUsual` says that most people want it. Throws GC1002 with the flag that answers where no question may be asked. */
export async function confirmed(
  { interactive, signal }: Pick<CliContext, "interactive" | "signal">,
  question: string,
  flag: string,
  isUsual = false,
): Promise<boolean> {
  if (!interactive) {
    throw new CodedError("GC1002", `"${question}" has no answer: there is no terminal to ask on`, {
      remedy: `To say yes: ${flag}`,
    });
  }
  const { confirm, isCancel } = await import("@clack/prompts");
  await discardTypedAhead();
  const answer = await confirm({ message: question, initialValue: isUsual, input: stdin, output: stderr, signal });
  signal.throwIfAborted();
  // In raw mode Ctrl-C is a key, not a signal.
  if (isCancel(answer)) throw new CodedError("GC1003", "stopped at the question; nothing was done");
  return answer;
}

/** Returns the text for an answer that is not the name that had to be typed. */
export const mismatchText = (answer: string, name: string, flag: string): string =>
  `${answer === "" ? "Nothing was typed" : `"${cleanLine(answer)}" does not match`}: run the command again and type ${name}, or add ${flag}.`;

/**
 * Asks to type a name before something that cannot be undone. Any other answer is no, and the log says what had to be typed.
 * Throws GC1002 as `confirmed` does.
 */
export async function typed(
  { interactive, signal, log }: Pick<CliContext, "interactive" | "signal" | "log">,
  question: string,
  name: string,
  flag: string,
): Promise<boolean> {
  if (!interactive) {
    throw new CodedError("GC1002", `"${question}" has no answer: there is no terminal to ask on`, {
      remedy: `To say yes: ${flag}`,
    });
  }
  const { text, isCancel } = await import("@clack/prompts");
  await discardTypedAhead();
  const answer = await text({ message: `${question} Type ${name} to go on`, input: stdin, output: stderr, signal });
  signal.throwIfAborted();
  if (isCancel(answer)) throw new CodedError("GC1003", "stopped at the question; nothing was done");
  const given = answer.trim();
  if (given !== name) log.info(mismatchText(given, name, flag));
  return given === name;
}
