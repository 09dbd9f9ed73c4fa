import { chmodSync, mkdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CodedError } from "../base/errors.ts";
import { quietly, readIfThere, writeAll } from "../base/files.ts";
import { addressProblem, mailAddress } from "../config/addresses.ts";
import { SECRETS_FOLDER } from "../stack/managed-files.ts";
import type { InitOptions } from "./options.ts";

const MAIL_FILE = `${SECRETS_FOLDER}/email_url`;
const SUBMISSION_PORT = 587;

/**
 * Writes the mail server's address that the options give in parts, and calls `act` with the options that refer to it.
 * What was there before comes back where `act` fails or only says what it would do.
 */
export async function withMailServer<T>(
  dir: string,
  options: InitOptions,
  act: (options: InitOptions) => Promise<T>,
): Promise<T> {
  const { emailHost, emailPort, emailUser, emailPasswordFile, ...others } = options;
  if (emailHost === undefined) return await act(options);
  const address = addressFrom(dir, options);
  const path = join(dir, MAIL_FILE);
  const before = readIfThere(path);
  write(path, address);
  let keeps = false;
  try {
    const result = await act({ ...others, emailUrl: `file:${MAIL_FILE}` });
    keeps = options.dryRun !== true;
    return result;
  } finally {
    if (!keeps) restore(path, before);
  }
}

function addressFrom(dir: string, { emailHost = "", emailPort, emailUser, emailPasswordFile }: InitOptions): string {
  const password = emailPasswordFile && passwordIn(dir, emailPasswordFile);
  const address = mailAddress({ host: emailHost, port: emailPort ?? SUBMISSION_PORT, user: emailUser, password });
  const problem = addressProblem("mail", address);
  if (problem === undefined && /^[^\s/@]+$/.test(emailHost)) return address;
  throw new CodedError("GC1001", `--email-host ${emailHost} names no host`, {
    remedy: "Write the name alone, such as --email-host smtp.example.com.",
  });
}

/** Returns the text of a file without the newline at its end, as everywhere else. */
function passwordIn(dir: string, path: string): string {
  const password = readIfThere(resolve(dir, path))?.replace(/\r?\n$/, "");
  if (password) return password;
  throw new CodedError("GC1107", `--email-password-file ${path}: there is no such file, or it is empty`);
}

/** 0444 in a closed folder, as the other secrets: GlitchTip's user has to read it. */
function write(path: string, content: string): void {
  mkdirSync(dirname(dirname(path)), { recursive: true, mode: 0o755 });
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  chmodSync(dirname(path), 0o700);
  writeAll([{ path, content, mode: 0o444 }]);
}

function restore(path: string, before: string | undefined): void {
  if (before !== undefined) {
    write(path, before);
    return;
  }
  rmSync(path, { force: true });
  // A folder that holds something else stays.
  for (const folder of [dirname(path), dirname(dirname(path))]) quietly(() => rmdirSync(folder));
}
