import { rmdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CodedError } from "../base/errors.ts";
import { quietly, readIfThere, writeOne } from "../base/files.ts";
import { addressProblem, mailAddress } from "../config/addresses.ts";
import { openPrivateFolder, privateFolder, referenceToFile } from "../outputs/private-folder.ts";
import type { InitOptions } from "./options.ts";

const SUBMISSION_PORT = 587;

/**
 * Writes the mail server's address that the options give in parts into a file outside of the workspace, and calls `act`
 * with the options that refer to it. What was there before comes back where `act` fails or only says what it
 * would do.
 */
export async function withMailServer<T>(
  dir: string,
  options: InitOptions,
  act: (options: InitOptions) => Promise<T>,
): Promise<T> {
  const { emailHost, emailPort, emailUser, emailPasswordFile, ...others } = options;
  if (emailHost === undefined) return await act(options);
  const address = addressFrom(dir, options);
  const path = join(privateFolder(dir), "secrets", "email_url");
  const before = readIfThere(path);
  openPrivateFolder(dir, "secrets");
  writeOne(path, address, 0o600);
  let keeps = false;
  try {
    const result = await act({ ...others, emailUrl: referenceToFile(path) });
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
    remedy: "Write only the name, such as --email-host smtp.example.com.",
  });
}

/** Returns the text of a file without the newline at its end, as everywhere else. */
function passwordIn(dir: string, path: string): string {
  const password = readIfThere(resolve(dir, path))?.replace(/\r?\n$/, "");
  if (password) return password;
  throw new CodedError("GC1107", `--email-password-file ${path}: there is no such file, or it is empty`);
}

function restore(path: string, before: string | undefined): void {
  if (before !== undefined) {
    writeOne(path, before, 0o600);
    return;
  }
  rmSync(path, { force: true });
  // A folder that holds something else stays.
  for (const folder of [dirname(path), dirname(dirname(path))]) quietly(() => rmdirSync(folder));
}
