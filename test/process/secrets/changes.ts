import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";

export function append(path: string, text: string): void {
  writeFileSync(path, readFileSync(path, "utf8") + text);
}

export function writeAnew(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode: 0o444 });
}

export function edit(dir: string, from: string, to: string): void {
  const path = join(dir, "glitchtip.yaml");
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

export function editManaged(dir: string): void {
  writeAnew(join(dir, "compose.override.yaml"), "# mine\n");
  append(join(dir, "glitchtip.yaml"), "onFailure: start-without-reporting\n");
}

export function replaceByFolder(path: string): void {
  rmSync(path);
  mkdirSync(join(path, "inside"), { recursive: true });
}

export function replaceByFile(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  chmodSync(path, 0o444);
  expect(existsSync(path)).toBe(true);
}
