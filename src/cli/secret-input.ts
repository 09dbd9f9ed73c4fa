import { resolve } from "node:path";
import { stderr, stdin } from "node:process";
import { text as readAll } from "node:stream/consumers";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { Secret } from "../base/secret.ts";
import type { CliContext } from "./context.ts";
import { discardTypedAhead } from "./typed-ahead.ts";

export interface PassphraseFlags {
  readonly passphraseFile?: string;
  readonly passphraseEnv?: string;
}

/** Reads a passphrase from a file, a variable or the terminal. Arguments are visible to every user of the machine. */
export async function passphraseOf(
  context: CliContext,
  { passphraseFile: file, passphraseEnv: name }: PassphraseFlags,
  twice = false,
): Promise<Secret> {
  if (file !== undefined) return requireSecret("passphrase", firstLine(readIfThere(resolve(context.dir, file))), file);
  if (name !== undefined) return requireSecret("passphrase", context.env[name], `the variable ${name}`);
  if (!context.interactive) {
    throw new CodedError("GC1002", "the passphrase is missing: there is no terminal to ask on", {
      remedy: "Add --passphrase-file PATH or --passphrase-env NAME.",
    });
  }
  const first = await askHidden("Passphrase of the backup's secrets", context.signal);
  if (!twice || first === (await askHidden("The same once more", context.signal))) return new Secret(first);
  throw new CodedError("GC1001", "the two passphrases differ", { remedy: "Run it again." });
}

/** Reads a new password from a file, from stdin (`-`), or from the terminal, twice. */
export async function newPassword(context: CliContext, of: string, file: string | undefined): Promise<Secret> {
  if (file === "-") return requireSecret("password", firstLine(await readAll(stdin)), "stdin");
  if (file !== undefined) return requireSecret("password", firstLine(readIfThere(resolve(context.dir, file))), file);
  if (!context.interactive) {
    throw new CodedError("GC1002", `the new password of ${of} is missing: there is no terminal to ask on`, {
      remedy: "Add --password-file PATH, or --password-file - to read it from stdin.",
    });
  }
  const first = await askHidden(`New password of ${of}`, context.signal);
  if (first !== (await askHidden("The same once more", context.signal))) {
    throw new CodedError("GC1001", "the two passwords differ", { remedy: "Run it again." });
  }
  return requireSecret("password", first, "what was typed");
}

const firstLine = (text: string | undefined): string | undefined => text?.split(/\r?\n/, 1)[0];

function requireSecret(what: string, value: string | undefined, where: string): Secret {
  if (value) return new Secret(value);
  throw new CodedError("GC1107", `there is no ${what} in ${where}`, { remedy: "Write it there, on one line." });
}

/** Asks on the terminal and does not show what is typed. */
async function askHidden(message: string, signal: AbortSignal): Promise<string> {
  const { password, isCancel } = await import("@clack/prompts");
  await discardTypedAhead();
  const answer = await password({ message, input: stdin, output: stderr, signal });
  signal.throwIfAborted();
  if (isCancel(answer)) throw new CodedError("GC1003", "stopped at the question; nothing was done");
  return answer;
}
