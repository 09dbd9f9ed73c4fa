import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../../src/backup/database/database.ts";
import { backupProblems, backupState, writeBackupReport } from "../../../src/backup/report.ts";
import {
  type BackupContents,
  differingFiles,
  requireCompleteWorkspace,
  writeMissingFiles,
  writeMissingSecrets,
} from "../../../src/backup/restore/contents.ts";
import { checkComposeProject, checkDatabase, checkGeneration } from "../../../src/backup/restore/preconditions.ts";
import { isRestoreOf, newRestore, restoreProgress } from "../../../src/backup/restore/progress.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import type { Workspace } from "../../../src/workspace/workspace.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";
import { manifestWith } from "../../support/manifest.ts";
import { declarationWith } from "../../support/stack.ts";

const DECLARATION = declarationWith("");
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "restore-"));
  writeFileSync(join(dir, "database.dump"), "dump");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (path: string, content: string, mode = 0o644) => ({ path, content, mode });
const contents = (...files: BackupContents["files"]): BackupContents => ({ files, state: undefined });
const SECRETS = ["admin_password", "db_password", "secret_key"].map((name) =>
  file(`.glitchtip/secrets/${name}`, name, 0o444),
);

describe("writing a restored workspace", () => {
  it("writes the files that are missing and changes no other", () => {
    writeFileSync(join(dir, "glitchtip.yaml"), `${DECLARATION}# mine\n`);
    const all = contents(file("glitchtip.yaml", DECLARATION), file("compose.yaml", "services: {}\n"), ...SECRETS);
    expect(writeMissingFiles(dir, all)).toEqual(["compose.yaml"]);
    expect(readFileSync(join(dir, "glitchtip.yaml"), "utf8")).toContain("# mine");
    expect(differingFiles(dir, all)).toEqual(["glitchtip.yaml"]);
    expect(existsSync(join(dir, ".glitchtip"))).toBe(false);
    expect(writeMissingFiles(dir, all)).toEqual([]);
  });

  it("secrets go into their volumes, and only where these are empty", async () => {
    writeFileSync(join(dir, "compose.glitchtip.yaml"), "");
    const requests: unknown[] = [];
    const docker = fakeDocker({
      config: {
        services: {
          "glitchtip-setup": {
            environment: {
              GLITCHTIP_SETUP_NAMES: "glitchtip_admin_password glitchtip_db_password glitchtip_secret_key",
            },
          },
        },
      },
      containers: [container("glitchtip-setup")],
      files: { "id-glitchtip-setup:/run/secrets/glitchtip_db_password/value": "there" },
      compose: {
        run: async (service, args, { stdin = "" } = {}) => {
          requests.push([service, args, JSON.parse(stdin)]);
          return answers();
        },
      },
    });
    expect(await writeMissingSecrets(docker, dir, contents(...SECRETS))).toEqual(["secret_key", "admin_password"]);
    const values = { glitchtip_secret_key: "secret_key", glitchtip_admin_password: "admin_password" };
    expect(requests).toEqual([["glitchtip-setup", ["secrets"], { action: "write", values, as: "missing" }]]);
    expect(existsSync(join(dir, ".glitchtip"))).toBe(false);
  });

  it("adds the variables that .env does not set, but never the old name of the Compose project", () => {
    const theirs = file(".env", "COMPOSE_PROJECT_NAME=shop\nGLITCHTIP_PORT=8000\nGLITCHTIP_IMAGE=own:6\n");
    writeMissingFiles(dir, contents(theirs));
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe("GLITCHTIP_PORT=8000\nGLITCHTIP_IMAGE=own:6\n");
    writeFileSync(join(dir, ".env"), "# mine\nGLITCHTIP_PORT=9000\n");
    writeMissingFiles(dir, contents(theirs));
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe("# mine\nGLITCHTIP_PORT=9000\nGLITCHTIP_IMAGE=own:6\n");
  });
});

describe("a workspace that is incomplete with the backup", () => {
  it("is refused with every missing file, and nothing is written", () => {
    const few = contents(
      file("glitchtip.yaml", DECLARATION),
      file(".env", "COMPOSE_FILE=compose.yaml:compose.glitchtip.yaml\n"),
    );
    expect(() => requireCompleteWorkspace(dir, few, new Set())).toThrow(
      expect.objectContaining({
        code: "GC1804",
        problems: [
          "compose.yaml: copy it here; Compose reads it",
          "compose.glitchtip.yaml: copy it here; Compose reads it",
          ...["admin_password", "secret_key"].map(
            (name) => `${name}: write it into .glitchtip/secrets/${name}; the next up takes it over from there`,
          ),
        ],
      }),
    );
    expect(existsSync(join(dir, ".env"))).toBe(false);
  });

  it("are a project where the secrets are in their volumes", () => {
    writeFileSync(join(dir, "compose.yaml"), "services: {}\n");
    const all = contents(file("glitchtip.yaml", DECLARATION), file("compose.glitchtip.yaml", "services: {}\n"));
    const there = new Set(["glitchtip_admin_password", "glitchtip_secret_key"] as const);
    expect(() => requireCompleteWorkspace(dir, all, there)).not.toThrow();
    expect(() => requireCompleteWorkspace(dir, all, new Set())).toThrow();
  });

  it("is complete with the backup's secrets and the files of its own", () => {
    writeFileSync(join(dir, "compose.yaml"), "services: {}\n");
    const all = contents(
      file("glitchtip.yaml", DECLARATION),
      file("compose.glitchtip.yaml", "services: {}\n"),
      ...SECRETS,
    );
    expect(() => requireCompleteWorkspace(dir, all, new Set())).not.toThrow();
  });
});

describe("a backup's check against the stack", () => {
  const project = (image: string) =>
    ({ declaration: loadDeclaration(declarationWith(`server: { image: "${image}" }`), "x") }) as Workspace;
  const backup = (more: object = {}) => ({ path: dir, manifest: manifestWith(more) });

  it.each([
    { image: "glitchtip/glitchtip:v5.1.1", of: "6", says: /cannot go back: set server.image to i:6/ },
    { image: "glitchtip/glitchtip:6", of: "5.1", says: /Set server.image to i:5.1, restore, and upgrade/ },
    { image: "glitchtip/glitchtip:6", of: "7", says: /cannot go back/ },
  ])("refuses a backup of GlitchTip $of for $image", ({ image, of, says }) => {
    const given = backup({ glitchtip: { generation: of, image: `i:${of}` } });
    expect(() => checkGeneration(given, project(image))).toThrow(
      expect.objectContaining({ code: "GC1804", remedy: expect.stringMatching(says) }),
    );
  });

  it("accepts a backup of the same generation", () => {
    expect(() => checkGeneration(backup(), project("glitchtip/glitchtip:6.2"))).not.toThrow();
  });

  const database = (more: { major?: number; mayCreate?: boolean; freeBytes?: number; tables?: object } = {}) =>
    ({
      facts: async () => ({ major: more.major ?? 18, version: "", bytes: 1, tables: more.tables ?? {} }),
      room: async () => ({ mayCreate: more.mayCreate ?? true, freeBytes: more.freeBytes ?? 1e9 }),
      list: async (from: Readable) => void (await buffer(from)),
    }) as unknown as Database;

  it.each([
    { what: "an older Postgres", more: { major: 16 }, code: "GC1804", says: "Postgres 17" },
    {
      what: "no right to make a database",
      more: { mayCreate: false },
      code: "GC1804",
      says: "is not allowed to create",
    },
    { what: "a full disk", more: { freeBytes: 1_000_000 }, code: "GC1502", says: "are free" },
  ])("reports $what before anything is changed", async ({ more, code, says }) => {
    await expect(checkDatabase(backup(), database(more))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(says),
    });
  });

  it("recognizes by its tables whether the database is empty", async () => {
    expect(await checkDatabase(backup(), database())).toEqual({ empty: true });
    expect(await checkDatabase(backup(), database({ tables: { a: { rows: 0 } } }))).toEqual({ empty: false });
  });

  it("refuses a Compose project of the same name that runs from another folder", async () => {
    const other = join(dir, "other");
    mkdirSync(other);
    const running = (...folders: string[]) => fakeDocker({ cli: async () => answers({ stdout: folders.join("\n") }) });
    await expect(checkComposeProject(running(other, other), dir, "shop")).rejects.toMatchObject({ code: "GC1804" });
    await checkComposeProject(running(dir, `${dir}/gone`, ""), dir, "shop");
  });
});

describe("a restore's progress", () => {
  it("is stored in a file for its owner until the restore ends, and belongs to one backup", () => {
    const backup = { path: "/b", manifest: manifestWith() };
    expect(restoreProgress.read(dir)).toBeUndefined();
    const progress = { ...newRestore(backup, ["app", "glitchtip"]), step: "loaded" as const };
    restoreProgress.save(dir, progress);
    expect(restoreProgress.read(dir)).toEqual(progress);
    expect(statSync(join(dir, ".glitchtip/state/restore.json")).mode & 0o777).toBe(0o600);
    expect(isRestoreOf(progress, backup)).toBe(true);
    expect(isRestoreOf(progress, { ...backup, manifest: manifestWith({ project: "other" }) })).toBe(false);
    expect([
      restoreProgress.isBefore(progress, "saved"),
      restoreProgress.isBefore(progress, "loaded"),
      restoreProgress.isBefore(progress, "swapped"),
    ]).toEqual([false, false, true]);
    restoreProgress.forget(dir);
    expect(restoreProgress.read(dir)).toBeUndefined();
  });

  it("is an error where its file is damaged", () => {
    mkdirSync(join(dir, ".glitchtip/state"), { recursive: true });
    writeFileSync(join(dir, ".glitchtip/state/restore.json"), "{");
    expect(() => restoreProgress.read(dir)).toThrow(expect.objectContaining({ code: "GC1805" }));
  });
});

describe("the state of backups in status", () => {
  const report = { version: 1, at: "2026-11-21T03:15:00.000Z", durationMs: 1, deleted: [] } as const;
  const now = Date.parse("2026-11-22T04:00:00Z");

  it("has no problem while scheduled backups are made", () => {
    writeBackupReport(dir, { ...report, next: "2026-11-22T03:15:00.000Z" });
    expect(backupProblems(backupState(dir), now)).toEqual([]);
  });

  it("names a failure with its code, and a backup that was not made", () => {
    writeBackupReport(dir, {
      ...report,
      error: { code: "GC1502", message: "no space" },
      next: "2026-11-22T02:00:00.000Z",
    });
    expect(backupProblems(backupState(dir), now)).toEqual([
      expect.stringContaining("the last backup failed: GC1502: no space"),
      expect.stringContaining("the backup that was due at 2026-11-22T02:00:00.000Z was not created"),
    ]);
  });
});
