import { mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readIfThere, removeLeftovers, writeAll } from "../base/files.ts";
import type { Assets } from "./assets.ts";

/** Git ignores its folder: the file follows the installed version, and a clone gets it by any command that writes. */
const SCHEMA_FILE = ".glitchtip/state/glitchtip.schema.json";

/** The comment by which editors find the JSON Schema of the declaration. */
export const EDITOR_LINE = `# $schema: ${SCHEMA_FILE}`;

/** Writes the JSON Schema where a declaration names it. */
export function writeEditorSchema(dir: string, declarationText: string, assets: Assets): void {
  const content = assets.editorSchema();
  const path = join(dir, SCHEMA_FILE);
  if (content === undefined || !declarationText.includes(EDITOR_LINE)) return;
  removeLeftovers(dirname(path), { alone: false, beside: [basename(path)] });
  if (readIfThere(path) === content) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeAll([{ path, content, mode: 0o644 }]);
}
