import { setMaxListeners } from "node:events";
import { stderr, stdin } from "node:process";
import { isCancel } from "@clack/prompts";
import { CodedError } from "../base/errors.ts";
import { discardTypedAhead } from "./typed-ahead.ts";

/** The answer of somebody who wants the question before this one again. */
export const BACK = Symbol("back");
export type Back = typeof BACK;

/** What every prompt of @clack/prompts is given. */
export interface Terminal {
  readonly input: typeof stdin;
  readonly output: typeof stderr;
  readonly signal: AbortSignal;
}

export function openTerminal(signal: AbortSignal): Terminal {
  // Each prompt listens to the signal until it is collected; Node warns from the eleventh on.
  setMaxListeners(0, signal);
  return { input: stdin, output: stderr, signal };
}

/**
 * Returns the answer to a prompt, or BACK for Esc. Throws GC1003 for Ctrl-C, which is a key and no signal in raw mode.
 * @clack/prompts has one symbol for both, so the last key is looked at.
 */
export async function answerOrBack<T>(prompt: () => Promise<T>, again: string): Promise<Exclude<T, symbol> | Back> {
  await discardTypedAhead();
  let lastKey: string | undefined;
  const remember = (_text: unknown, key?: { readonly name?: string }) => {
    lastKey = key?.name;
  };
  stdin.on("keypress", remember);
  try {
    const said = await prompt();
    if (!isCancel(said)) return said as Exclude<T, symbol>;
    if (lastKey === "escape") return BACK;
    throw new CodedError("GC1003", "stopped before anything was written", { remedy: again });
  } finally {
    stdin.off("keypress", remember);
  }
}

/** One question of several. `asked` has the answers so far, `earlier` also those that were given before a step back. */
export interface Question<Answers extends object> {
  applies(asked: Answers): boolean;
  ask(asked: Answers, earlier: Answers): Promise<Partial<Answers> | Back>;
}

/**
 * Asks one question after the other; BACK leads to the one before. Returns the answers, or BACK at the first question.
 */
export async function askAll<Answers extends object>(
  questions: readonly Question<Answers>[],
  start: Answers,
): Promise<Answers | Back> {
  const before: { readonly at: number; readonly answers: Answers }[] = [];
  let answers = start;
  let earlier = start;
  for (let at = 0; at < questions.length; ) {
    const question = questions[at];
    const said = question?.applies(answers) ? await question.ask(answers, earlier) : undefined;
    if (said === BACK) {
      const last = before.pop();
      if (last === undefined) return BACK;
      ({ at, answers } = last);
      continue;
    }
    if (said !== undefined) {
      before.push({ at, answers });
      answers = { ...answers, ...said };
      earlier = { ...earlier, ...said };
    }
    at++;
  }
  return answers;
}
