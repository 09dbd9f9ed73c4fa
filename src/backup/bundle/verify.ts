import { existsSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { sha256Of } from "../folder.ts";
import { SUMS } from "./create.ts";

/** Each file against its checksum; throws with all that differ. Gives how many there are. */
export async function verifyBundle(path: string): Promise<number> {
  const lines = (readIfThere(join(path, SUMS)) ?? "").split("\n").filter((line) => line !== "");
  if (lines.length === 0) {
    throw new CodedError("GC1610", `${path} is no bundle: it has no ${SUMS}`, {
      remedy: "Give the folder that package made.",
    });
  }
  const problems: string[] = [];
  for (const line of lines) {
    const [, sum = "", file = ""] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    const full = join(path, file);
    if (file === "" || !existsSync(full)) problems.push(`${file || line} is not there`);
    else if ((await sha256Of(full)) !== sum) problems.push(`${file} is another`);
  }
  if (problems.length === 0) return lines.length;
  throw new CodedError("GC1610", `${path} is damaged`, { problems, remedy: "Copy it again." });
}
