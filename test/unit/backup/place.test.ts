import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { chooseBackup, listBackups } from "../../../src/backup/catalog.ts";
import { backupFolders } from "../../../src/backup/index.ts";
import { pruneBackups } from "../../../src/backup/retention.ts";
import { silentLog } from "../../../src/base/log.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { defaultBackupSource } from "../../../src/config/backup-place.ts";
import { workspaceNames } from "../../../src/config/workspace-names.ts";
import type { Workspace } from "../../../src/workspace/index.ts";
import { manifestWith } from "../../support/manifest.ts";
import { composeOf, declarationWith, renderedStack } from "../../support/stack.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

const INSTANCE = "0123456789abcdef";
const [OLD, NEW] = ["glitchtip-20261121-031500Z", "glitchtip-20261122-031500Z"];

afterEach(() => vi.unstubAllEnvs());

const workspace = (dir: string, more: Partial<Workspace> = {}): Workspace =>
  ({ dir, env: {}, declaration: {}, composeProjectName: "shop", instance: INSTANCE, ...more }) as Workspace;

function backupIn(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  const manifest = manifestWith({ name });
  writeFileSync(join(path, "manifest.json"), JSON.stringify(manifest));
  return path;
}

describe("the default place of backups", () => {
  it("lies outside of the workspace, and its name tells stacks of one machine apart", () => {
    vi.stubEnv("XDG_DATA_HOME", undefined);
    using folder = new TemporaryFolder();
    const data = join(homedir(), ".local", "share", "glitchtip-compose");
    expect(backupFolders(workspace(folder.path))).toEqual([join(data, `shop-${INSTANCE}`, "backups")]);
    const shell = { COMPOSE_PROJECT_NAME: "shop-2" };
    expect(backupFolders(workspace(folder.path), shell)).toEqual([join(data, `shop-2-${INSTANCE}`, "backups")]);
    const older = workspace(folder.path, { instance: undefined } as unknown as Partial<Workspace>);
    expect(backupFolders(older)).toEqual([join(data, "shop", "backups")]);
    const dotEnv = workspace(folder.path, { env: { XDG_DATA_HOME: "/srv/data" } });
    expect(backupFolders(dotEnv)).toEqual([`/srv/data/glitchtip-compose/shop-${INSTANCE}/backups`]);
    vi.stubEnv("XDG_DATA_HOME", "/srv/shell");
    expect(backupFolders(dotEnv)).toEqual([`/srv/shell/glitchtip-compose/shop-${INSTANCE}/backups`]);
  });

  it("is what Compose mounts for a schedule, with the variables that the command line reads", () => {
    const lines = 'backup: { schedule: "03:15" }\ncare: {}';
    const stack = (declared: string) =>
      composeOf(renderedStack(declarationWith(declared), "services: {}\n", new Map(), { instance: INSTANCE }));
    const source = defaultBackupSource(INSTANCE);
    expect(source).toBe(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's variables
      "${XDG_DATA_HOME:-~/.local/share}/glitchtip-compose/${COMPOSE_PROJECT_NAME}-0123456789abcdef/backups",
    );
    expect(stack(lines).services["glitchtip-backup"]?.volumes).toContain(`${source}:/backups`);
    expect(stack(lines).services["glitchtip-care"]?.volumes).toContain(`${source}:/backups:ro`);
    const declared = stack(lines.replace('"03:15"', '"03:15", folder: backups'));
    expect(declared.services["glitchtip-backup"]?.volumes).toContain("./backups:/backups");
  });
});

describe("backups that an earlier version left in the workspace", () => {
  it("are found, listed, restored from and pruned with the new ones", async () => {
    using folder = new TemporaryFolder();
    using data = new TemporaryFolder();
    vi.stubEnv("XDG_DATA_HOME", data.path);
    const place = workspace(folder.path);
    expect(backupFolders(place)).toHaveLength(1);
    backupIn(join(folder.path, "backups"), OLD);
    const folders = backupFolders(place);
    expect(folders[1]).toBe(join(folder.path, "backups"));
    expect(chooseBackup(folders, folder.path, "latest").path).toBe(join(folder.path, "backups", OLD));
    backupIn(folders[0], NEW);
    expect(listBackups(...folders).map(({ name }) => name)).toEqual([NEW, OLD]);
    expect(chooseBackup(folders, folder.path, "latest").path).toBe(join(folders[0], NEW));
    expect(chooseBackup(folders, folder.path, OLD).path).toBe(join(folder.path, "backups", OLD));
    const [main, ...others] = folders;
    const context = { folder: main, others, clock: systemClock, signal: new AbortController().signal, log: silentLog };
    const pruned = await pruneBackups(context, { last: 1 }, { dryRun: false, confirm: async () => true });
    expect(pruned.names).toEqual([OLD]);
    expect(listBackups(...folders).map(({ name }) => name)).toEqual([NEW]);
  });

  it("are not looked for where a folder is declared or given", () => {
    using folder = new TemporaryFolder();
    backupIn(join(folder.path, "backups"), OLD);
    const declared = workspace(folder.path, {
      declaration: { backup: { folder: "../kept" } },
    } as unknown as Partial<Workspace>);
    expect(backupFolders(declared)).toEqual([join(folder.path, "../kept")]);
    expect(backupFolders(workspace(folder.path), {}, "/srv/kept")).toEqual(["/srv/kept"]);
  });

  it("are completed with the new ones", () => {
    using folder = new TemporaryFolder();
    using data = new TemporaryFolder();
    vi.stubEnv("XDG_DATA_HOME", data.path);
    folder.write("glitchtip.yaml", "version: 1\n");
    folder.write(".env", "COMPOSE_PROJECT_NAME=shop\n");
    folder.write(".glitchtip/manifest.json", `{"version": 1, "instance": "${INSTANCE}"}\n`);
    backupIn(join(folder.path, "backups"), OLD);
    backupIn(backupFolders(workspace(folder.path))[0], NEW);
    expect(workspaceNames(folder.path).backups()).toEqual([NEW, OLD]);
  });
});
