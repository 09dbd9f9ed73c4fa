import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packageAssets } from "../../../src/workspace/index.ts";

let dir: string;
let bundle: string;
const sum = (text: string) => createHash("sha256").update(text).digest("hex");

/** Makes a bundle whose folder nobody may write to, and a docker that loads everything. */
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "load-"));
  bundle = join(dir, "medium/b");
  for (const path of ["medium/b/project", "bin", "work"]) mkdirSync(join(dir, path), { recursive: true });
  writeFileSync(join(dir, "bin/docker"), '#!/bin/sh\n[ "$1 $2" = "load --input" ] && [ -e "$3" ]\n', { mode: 0o755 });
  const files = { "project/glitchtip.yaml": "apps: {}\n", "project/env.example": "A=1\n", "images.tar": "images" };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(bundle, path), text);
  const sums = Object.entries(files).map(([path, text]) => `${sum(text)}  ${path}\n`);
  writeFileSync(join(bundle, "SHA256SUMS"), sums.join(""));
  writeFileSync(join(bundle, "load.sh"), packageAssets().loadBundle());
});
afterEach(() => {
  for (const path of ["medium/b", "medium/b/project"]) chmodSync(join(dir, path), 0o755);
  rmSync(dir, { recursive: true, force: true });
});

function load(...args: string[]) {
  const PATH = [join(dir, "bin"), process.env.PATH].join(delimiter);
  const script = 'umask 000; exec sh "$@"';
  const options = { cwd: join(dir, "work"), env: { PATH }, encoding: "utf8" } as const;
  return spawnSync("sh", ["-c", script, "sh", join(bundle, "load.sh"), ...args], options);
}

describe("load.sh of a bundle", () => {
  it("takes a relative folder from where the caller is, and writes nothing into the bundle", () => {
    for (const path of ["project", "."]) chmodSync(join(bundle, path), 0o555);
    const before = readdirSync(bundle, { recursive: true });
    const { status, stdout, stderr } = load("shop");
    expect([status, stderr]).toEqual([0, ""]);
    const to = join(dir, "work/shop");
    expect(stdout).toContain(`next: cd ${to} && docker compose up`);
    expect(existsSync(join(to, "glitchtip.yaml"))).toBe(true);
    expect(readdirSync(bundle, { recursive: true })).toEqual(before);
    expect(statSync(to).mode & 0o777).toBe(0o755);
    expect(existsSync(join(to, ".glitchtip/secrets"))).toBe(false);
  });

  it("names its default folder", () => {
    expect(load().stdout).toContain(`no folder is given: the files go into ${join(dir, "work/glitchtip")}`);
    expect(existsSync(join(dir, "work/glitchtip/.env"))).toBe(true);
  });

  it("writes no file without a checksum", () => {
    writeFileSync(join(bundle, "project/extra"), "x");
    load("shop");
    expect(readdirSync(join(dir, "work/shop"))).not.toContain("extra");
  });

  it("ends before anything is loaded where the folder cannot be made", () => {
    writeFileSync(join(dir, "work/file"), "");
    const { status, stderr } = load("file/below");
    expect(status).toBe(1);
    expect(stderr).toContain("cannot be written; nothing was done");
  });
});
