import { join } from "node:path";
import { CodedError, type ErrorCode } from "../base/errors.ts";
import { lineThatIsNotUtf8, readUserText } from "../base/user-file.ts";

export const DECLARATION_FILE = "glitchtip.yaml";

/** Returns the text of a file that belongs to the user, or undefined where there is none. Throws `code` where it cannot be read. */
export function readUserFile(dir: string, path: string, code: ErrorCode): string | undefined {
  try {
    return readUserText(join(dir, path));
  } catch (cause) {
    const remedy = "Check who owns it and that it is a file.";
    throw new CodedError(code, `${path} is there but cannot be read`, { remedy, cause });
  }
}

/** Returns the declaration's text. Throws GC1108 where there is none, and GC1102 where it is not UTF-8. */
export function readDeclarationText(dir: string, remedy = "npx glitchtip-compose init"): string {
  const text = readUserFile(dir, DECLARATION_FILE, "GC1102");
  if (text === undefined) {
    throw new CodedError("GC1108", `${dir} has no ${DECLARATION_FILE}`, {
      remedy: `Change to the folder with ${DECLARATION_FILE}, or create one here with: ${remedy}`,
    });
  }
  const line = lineThatIsNotUtf8(text);
  if (line === undefined) return text;
  throw new CodedError("GC1102", `${DECLARATION_FILE}: line ${line} is not UTF-8`, {
    remedy: "Save the file as UTF-8, then run the command again.",
  });
}
