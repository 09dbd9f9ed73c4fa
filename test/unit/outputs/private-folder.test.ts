import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { stateHome } from "../../../src/base/user-folders.ts";
import {
  openPrivateFolder,
  privateFolder,
  readablePrivateFolder,
  referenceToFile,
  removePrivateFolder,
} from "../../../src/outputs/private-folder.ts";
import { openStateStore } from "../../../src/outputs/state-store.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

const STATE = JSON.stringify({ version: 1, token: { id: "1", value: "a".repeat(64) }, projects: {} });
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
let workspace: TemporaryFolder | undefined;
const folder = () => {
  workspace = new TemporaryFolder();
  return workspace;
};
afterEach(() => {
  vi.unstubAllEnvs();
  if (workspace !== undefined) removePrivateFolder(workspace.path);
  workspace?.[Symbol.dispose]();
  workspace = undefined;
});

describe("where a user's programs keep what they remember", () => {
  it.each([
    ["linux", {}, ".local/state"],
    ["linux", { XDG_STATE_HOME: "relative" }, ".local/state"],
    ["darwin", {}, "Library/Application Support"],
    ["win32", {}, "AppData/Local"],
  ] as const)("on %s with %j", (platform, env, below) => {
    expect(stateHome(env, platform)).toBe(join(homedir(), below));
  });

  it("is what XDG_STATE_HOME says, and on Windows LOCALAPPDATA", () => {
    expect(stateHome({ XDG_STATE_HOME: "/srv/state" }, "linux")).toBe("/srv/state");
    expect(stateHome({ LOCALAPPDATA: "C:\\Local" }, "win32")).toBe("C:\\Local");
  });
});

describe("the private folder of a workspace", () => {
  it("is not in the workspace, and another one for each folder", () => {
    const { path } = folder();
    using other = new TemporaryFolder();
    expect(privateFolder(path).startsWith(path)).toBe(false);
    expect(privateFolder(path)).not.toBe(privateFolder(other.path));
    expect(privateFolder(join(path, "."))).toBe(privateFolder(path));
  });

  it("is closed to others, also where it was open", () => {
    const { path } = folder();
    mkdirSync(privateFolder(path), { recursive: true, mode: 0o755 });
    chmodSync(privateFolder(path), 0o755);
    const opened = openPrivateFolder(path, "apply");
    expect([mode(privateFolder(path)), mode(opened)]).toEqual(["700", "700"]);
  });

  it.each([
    ["provision", ".glitchtip/state"],
    ["apply", ".glitchtip/state/apply"],
    ["provider", ".glitchtip/secrets/provider"],
  ] as const)("takes over what an earlier version kept of %s in %s", (part, former) => {
    const there = folder();
    there.write(`${former}/state.json`, STATE, 0o600);
    there.write(`${former}/.gitignore`, "*\n");
    expect(openStateStore(readablePrivateFolder(there.path, part)).token?.reveal()).toBe("a".repeat(64));
    expect(Object.keys(there.files())).toContain(`${former}/state.json`);
    const opened = openPrivateFolder(there.path, part);
    expect(readFileSync(join(opened, "state.json"), "utf8")).toBe(STATE);
    expect(mode(join(opened, "state.json"))).toBe("600");
    expect(JSON.stringify(there.files())).not.toContain("a".repeat(64));
    expect(openStateStore(readablePrivateFolder(there.path, part)).token?.reveal()).toBe("a".repeat(64));
  });

  it("keeps its own state where a killed run has left the earlier one, too, and leaves other files alone", () => {
    const there = folder();
    const opened = openPrivateFolder(there.path, "provision");
    openStateStore(opened).refusePassword("a@example.com", { reveal: () => "x" } as never);
    const before = readFileSync(join(opened, "state.json"), "utf8");
    there.write(".glitchtip/state/state.json", STATE);
    there.write(".glitchtip/state/env-lines.json", "{}");
    openPrivateFolder(there.path, "provision");
    expect(readFileSync(join(opened, "state.json"), "utf8")).toBe(before);
    expect(Object.keys(there.files())).toEqual([".glitchtip/state/env-lines.json"]);
  });

  it("says what to set where it cannot be made", () => {
    const there = folder();
    there.write("file", "");
    vi.stubEnv("XDG_STATE_HOME", join(there.path, "file"));
    expect(() => openPrivateFolder(there.path, "apply")).toThrow(
      expect.objectContaining({ code: "GC1501", remedy: expect.stringContaining("XDG_STATE_HOME") }),
    );
    expect(existsSync(join(there.path, ".glitchtip"))).toBe(false);
  });
});

describe("a reference to a file of the user's", () => {
  it("starts at the home folder where it can, as Compose and our command line read it", () => {
    expect(referenceToFile(join(homedir(), ".local/state/x"))).toBe("file:~/.local/state/x");
    expect(referenceToFile("/srv/state/x")).toBe("file:/srv/state/x");
  });
});
