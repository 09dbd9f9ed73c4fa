import { join } from "node:path";
import { CodedError, type ErrorCode } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { type Text, textIfThere } from "../base/text.ts";

export const DECLARATION_FILE = "glitchtip.yaml";

/** A file of the user's, or undefined where there is none; one that cannot be read is this error. */
export const readUserFile = (dir: string, path: string, code: ErrorCode): string | undefined =>
  failingAs(path, code, () => readIfThere(join(dir, path)));

/** Throws GC1108 where there is no declaration. */
export const readDeclarationText = (dir: string, remedy = "npx glitchtip-compose init"): string =>
  readUserFile(dir, DECLARATION_FILE, "GC1102") ?? thereIsNone(dir, remedy);

/** The same without reading it yet. */
export const declarationText = (dir: string): Text =>
  failingAs(DECLARATION_FILE, "GC1102", () => textIfThere(join(dir, DECLARATION_FILE))) ??
  thereIsNone(dir, "npx glitchtip-compose init");

function failingAs<T>(path: string, code: ErrorCode, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const remedy = "Check who owns it and that it is a file.";
    throw new CodedError(code, `${path} is there but cannot be read`, { remedy, cause });
  }
}

function thereIsNone(dir: string, remedy: string): never {
  throw new CodedError("GC1108", `${dir} has no ${DECLARATION_FILE}`, {
    remedy: `Run it in the project's folder, or make one with: ${remedy}`,
  });
}
