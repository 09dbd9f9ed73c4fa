import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeOne } from "../../base/files.ts";

/** Beside the secrets, and like them never committed. */
export const STATE_FOLDER = join(".glitchtip", "state");

/** Also where `init` never ran: nobody may commit a token by accident. */
export function makeStateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  writeOne(join(folder, ".gitignore"), "*\n", 0o644);
}
