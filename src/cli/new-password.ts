import { resolve } from "node:path";
import { stdin } from "node:process";
import { text as textOf } from "node:stream/consumers";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { Secret } from "../base/secret.ts";
import type { CliContext } from "./context.ts";
import { askHidden } from "./passphrase.ts";

/** A new password from a file, from what is piped in (-), or typed twice; never from an argument. */
export async function newPassword(context: CliContext, of: string, file: string | undefined): Promise<Secret> {
  if (file === "-") return given(await textOf(stdin), "what is piped in");
  if (file !== undefined) return given(readIfThere(resolve(context.dir, file)), file);
  if (!context.interactive) {
    throw new CodedError("GC1002", `the new password of ${of} has no answer: there is no terminal to ask on`, {
      remedy: "Give it by --password-file PATH, or - for what is piped in.",
    });
  }
  const first = await askHidden(`New password of ${of}`, context.signal);
  if (first !== (await askHidden("The same once more", context.signal))) {
    throw new CodedError("GC1001", "the two passwords differ", { remedy: "Run it again." });
  }
  return given(first, "what was typed");
}

/** The first line, without its end. */
function given(text: string | undefined, where: string): Secret {
  const line = text?.split(/\r?\n/, 1)[0];
  if (line) return new Secret(line);
  throw new CodedError("GC1107", `there is no password in ${where}`, { remedy: "Write it there, on one line." });
}
