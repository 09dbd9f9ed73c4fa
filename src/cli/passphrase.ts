import { resolve } from "node:path";
import { stderr, stdin } from "node:process";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { Secret } from "../base/secret.ts";
import type { CliContext } from "./context.ts";

export interface PassphraseFlags {
  readonly passphraseFile?: string;
  readonly passphraseEnv?: string;
}

/** From a file, a variable or a terminal; never from an argument, which every user of the machine can read. */
export async function passphraseOf(
  context: CliContext,
  { passphraseFile: file, passphraseEnv: name }: PassphraseFlags,
  twice = false,
): Promise<Secret> {
  if (file !== undefined) return given(readIfThere(resolve(context.dir, file))?.split(/\r?\n/, 1)[0], file);
  if (name !== undefined) return given(context.env[name], `the variable ${name}`);
  if (!context.interactive) {
    throw new CodedError("GC1002", "the passphrase has no answer: there is no terminal to ask on", {
      remedy: "Give it by --passphrase-file PATH or --passphrase-env NAME.",
    });
  }
  const first = await askHidden("Passphrase of the backup's secrets", context.signal);
  if (!twice || first === (await askHidden("The same once more", context.signal))) return new Secret(first);
  throw new CodedError("GC1001", "the two passphrases differ", { remedy: "Run it again." });
}

function given(value: string | undefined, where: string): Secret {
  if (value) return new Secret(value);
  throw new CodedError("GC1107", `there is no passphrase in ${where}`, { remedy: "Write it there, on one line." });
}

/** Typed, and not shown. */
export async function askHidden(message: string, signal: AbortSignal): Promise<string> {
  const { password, isCancel } = await import("@clack/prompts");
  const answer = await password({ message, input: stdin, output: stderr, signal });
  signal.throwIfAborted();
  if (isCancel(answer)) throw new CodedError("GC1003", "stopped at the question; nothing was done");
  return answer;
}
