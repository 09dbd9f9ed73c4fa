import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { quietly, readIfThere } from "../base/files.ts";

/** Lines for CI usually stand in these folders, beside the files of the folder itself. */
const FOLDERS = ["", ".github/workflows", ".circleci", ".buildkite", ".ci", "ci", "bin", "scripts"];
const LARGEST_BYTES = 200_000;
/** These flags make Compose stop everything when the first container ends, and our one-shots end first. */
const ABORTING = /--(?:abort-on-container-exit|exit-code-from)(?:[= ]+([a-zA-Z0-9._-]+))?/;

/** Returns warnings about the lines of this folder that stop Compose when a container ends. */
export function abortingLineWarnings(dir: string): string[] {
  return FOLDERS.flatMap((folder) => filesIn(dir, folder)).flatMap((path) => {
    const lines = (readIfThere(join(dir, path)) ?? "").split("\n");
    const at = lines.findIndex((line) => ABORTING.test(line));
    if (at === -1) return [];
    const [flag = "", service] = ABORTING.exec(lines[at] ?? "") ?? [];
    const tests = flag.startsWith("--exit-code-from") ? (service ?? "SERVICE") : "SERVICE";
    return [
      `${path}:${at + 1}: ${flag.split(/[= ]/, 1)[0]} stops all services when glitchtip-init ends, before any test has run. Instead: docker compose run --rm ${tests} (docs/ci.md)`,
    ];
  });
}

function filesIn(dir: string, folder: string): string[] {
  const found: string[] = [];
  quietly(() => {
    for (const name of readdirSync(join(dir, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const stats = statSync(join(dir, path), { throwIfNoEntry: false });
      if (stats?.isFile() && stats.size <= LARGEST_BYTES) found.push(path);
    }
  });
  return found;
}
