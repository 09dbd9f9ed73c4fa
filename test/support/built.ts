import { join } from "node:path";
import { inject } from "vitest";

/** A file of the build as it was when this run began (keep-build.ts). */
export function built(file: string): string {
  const folder = inject("builtPackage");
  if (folder === undefined) throw new Error("dist is missing: npm run build first");
  return join(folder, "dist", file);
}
