import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ENV_FOLDER } from "../compose/model.ts";

/** Files in other folders that the user's Compose files include may change unseen for this long. */
const KEPT_FOR_MS = 10_000;

/**
 * Returns `load` with a memory: `docker compose config` takes three processes, and a command looks at the stack many
 * times. It is asked again once a Compose file or an env file of the folder has changed, and after ten seconds.
 */
export function cachedModel<Model>(
  dir: string,
  load: () => Promise<Model>,
  now: () => number = Date.now,
): () => Promise<Model> {
  let kept: { readonly stamp: string; readonly sinceMs: number; readonly model: Promise<Model> } | undefined;
  return () => {
    const stamp = stampOf(dir);
    if (kept?.stamp === stamp && now() - kept.sinceMs < KEPT_FOR_MS) return kept.model;
    const asked = { stamp, sinceMs: now(), model: load() };
    kept = asked;
    asked.model.catch(() => {
      if (kept === asked) kept = undefined;
    });
    return asked.model;
  };
}

/** Returns a text that is another one as soon as a file was written, replaced or removed that Compose reads in this folder. */
function stampOf(dir: string): string {
  const files = [
    ...names(dir).filter((name) => /\.ya?ml$|^\.env/.test(name)),
    ...names(join(dir, ENV_FOLDER), ENV_FOLDER),
  ];
  return files
    .map((name) => {
      const found = statSync(join(dir, name), { throwIfNoEntry: false, bigint: true });
      return found === undefined ? "" : `${name} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
    })
    .join("\n");
}

function names(dir: string, below = ""): string[] {
  try {
    return readdirSync(dir)
      .map((name) => join(below, name))
      .sort();
  } catch {
    return [];
  }
}
