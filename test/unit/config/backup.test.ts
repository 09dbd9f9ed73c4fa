import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { backupFolder } from "../../../src/backup/index.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import type { Workspace } from "../../../src/workspace/index.ts";
import { problemsIn } from "../../support/declaration-problems.ts";
import { declarationWith } from "../../support/stack.ts";

const declared = (folder: string) => declarationWith(`backup: { folder: ${JSON.stringify(folder)} }`);
const problems = (folder: string) => problemsIn(() => loadDeclaration(declared(folder), "glitchtip.yaml"));

describe("backup.folder", () => {
  it.each([
    ...["/", "//", "/.", "/etc", "/etc/", "/etc/backups", "/usr", "/usr/local/backups", "/srv/../etc", "/proc/1"],
    ...["/home", "/root", "/var", "/var/lib", "/tmp/", "/srv", ".", "./", "..", "../..", "a/.."],
  ])("refuses %j with the reason", (folder) => {
    expect(problems(folder).join()).toContain("is no place for backups");
  });

  it.each(["backups", "./backups", "../backups", "/srv/backups", "/mnt/copies", "/var/backups", "/home/me/backups"])(
    "accepts %j",
    (folder) => {
      expect(problems(folder)).toEqual([]);
    },
  );

  it("is refused where it leads to a folder of the system, or holds the workspace", () => {
    const parent = mkdtempSync(join(tmpdir(), "folder-"));
    try {
      const dir = join(parent, "shop");
      mkdirSync(dir);
      symlinkSync("/etc", join(dir, "linked"));
      const at = (given: string) => backupFolder({ dir, env: {}, declaration: { backup: {} } } as Workspace, {}, given);
      for (const given of ["linked", parent, dir, "../shop"]) {
        expect(() => at(given), given).toThrow(expect.objectContaining({ code: "GC1101" }));
      }
      expect(at("backups")).toBe(join(dir, "backups"));
      expect(at("../backups")).toBe(join(parent, "backups"));
    } finally {
      rmSync(parent, { recursive: true, force: true });
    }
  });
});
