import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder with the package as it was when this run began; none without a build. */
    builtPackage: string | undefined;
  }
}

const clone = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(clone, "dist");

/** Before the tests of a level: `npm run build` may replace dist while they run, so they use a copy. */
export default function keepBuild(project: TestProject): void {
  if (buildId() === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-built-"));
  // Ctrl-C calls no teardown.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["templates", "images", "docs"])
    cpSync(join(clone, name), join(folder, name), { recursive: true });
  copyFileSync(join(clone, "package.json"), join(folder, "package.json"));
  copyOneBuild(join(folder, "dist"));
  project.provide("builtPackage", folder);
}

/** The folder is renamed into its place: another one is another build. */
const buildId = (): number | undefined => statSync(dist, { throwIfNoEntry: false })?.ino;

function copyOneBuild(to: string): void {
  for (let attempt = 1; ; attempt++) {
    const before = buildId();
    try {
      mkdirSync(to);
      for (const entry of readdirSync(dist, { withFileTypes: true })) {
        if (entry.isFile()) copyFileSync(join(dist, entry.name), join(to, entry.name));
      }
      if (before === buildId()) return;
    } catch (error) {
      if (attempt === 5) throw error;
    }
    rmSync(to, { recursive: true, force: true });
  }
}
