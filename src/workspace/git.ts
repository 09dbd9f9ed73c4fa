import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Returns true where git would not commit one of these files. Without git, and outside of a repository, nothing is ignored. */
export function ignoresAny(dir: string, paths: readonly string[]): boolean {
  if (!isInRepository(resolve(dir))) return false;
  const options = { cwd: dir, stdio: "ignore", timeout: 5_000 } as const;
  return spawnSync("git", ["check-ignore", "--", ...paths], options).status === 0;
}

/** Looks for `.git` first: most folders without one do not need the process. */
const isInRepository = (dir: string): boolean =>
  existsSync(join(dir, ".git")) || (dirname(dir) !== dir && isInRepository(dirname(dir)));
