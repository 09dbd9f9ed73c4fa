import { CodedError } from "../../../base/errors.ts";
import type { KeyReader, Left } from "../imported.ts";

/** What is to be told at the end: mistakes, what was left behind, what to know. */
export class Told {
  readonly left: Left[] = [];
  readonly notes: string[] = [];
  readonly #problems: string[] = [];

  problem(file: string, what: string): void {
    this.#problems.push(`${file.replace(/^\//, "")}: ${what}`);
  }

  leave(file: string, key: string, why: string): void {
    this.left.push({ where: [file.replace(/^\//, ""), key].filter(Boolean).join(": "), why });
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** The keys that nobody has read. */
  leaveRest(file: string, at: string, keys: KeyReader): void {
    for (const key of keys.rest()) this.leave(file, at === "" ? key : `${at}.${key}`, "is not known");
  }

  throwProblems(dir: string): void {
    if (this.#problems.length === 0) return;
    throw new CodedError("GC1102", `the files in ${dir} cannot be taken over`, {
      problems: this.#problems,
      remedy: "Correct them, then run it again.",
    });
  }
}
