import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readOrMakeKey } from "../../../src/service/container.ts";

it("the first container makes the key of the tokens, and the others read it", () => {
  const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const key = readOrMakeKey(folder);
  expect(Buffer.from(key, "base64url")).toHaveLength(32);
  expect(readOrMakeKey(folder)).toBe(key);
  expect(readdirSync(folder)).toEqual(["key"]);
  expect(statSync(join(folder, "key")).mode & 0o777).toBe(0o600);
});
