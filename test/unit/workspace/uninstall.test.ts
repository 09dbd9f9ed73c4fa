import {
  chmodSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defined } from "../../../src/base/defined.ts";
import { initWorkspace } from "../../../src/init/init.ts";
import type { InitOptions } from "../../../src/init/options.ts";
import { ejectFiles } from "../../../src/workspace/render.ts";
import { applyUninstall, planUninstall, type UninstallOptions } from "../../../src/workspace/uninstall.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

const COMPOSE = "services:\n  api: {image: shop/api, entrypoint: [node], command: [server.js]}\n";
const log = { info() {}, step() {}, debug() {}, warn() {} };

/** Where Compose finds our file by COMPOSE_FILE in .env. */
const LISTED: InitOptions = { apps: { api: "shop" }, discovery: "env" };

const init = (folder: TemporaryFolder, options: InitOptions = { apps: { api: "shop" } }) =>
  initWorkspace({ dir: folder.path, log, env: {}, assets: testAssets() }, options);

const uninstall = (folder: TemporaryFolder, options: UninstallOptions = {}) => {
  const plan = planUninstall(folder.path, options);
  applyUninstall(plan);
  return plan;
};

/** What a workspace may hold before `init`, each file by path. */
const FIXTURES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "without .env": { "compose.yaml": COMPOSE },
  "with a .env": { "compose.yaml": COMPOSE, ".env": "DB_PASSWORD=x\n" },
  "with an empty .env": { "compose.yaml": COMPOSE, ".env": "" },
  "with CRLF": { "compose.yaml": COMPOSE.replaceAll("\n", "\r\n"), ".env": "A=1\r\n# mine\r\n\r\nB=2\r\n" },
  "without a newline at the end of .env": { "compose.yaml": COMPOSE, ".env": "A=1\nB=2" },
  "with CRLF and no newline at the end": { "compose.yaml": COMPOSE, ".env": "A=1\r\nB=2" },
  "with a port and a COMPOSE_FILE of its own": {
    "compose.yaml": COMPOSE,
    "more.yaml": "services: {}\n",
    ".env": "COMPOSE_FILE=compose.yaml:more.yaml # both\nGLITCHTIP_PORT=9000\nCOMPOSE_PATH_SEPARATOR=:\n",
  },
  "with an override file": { "compose.yaml": COMPOSE, "compose.override.yaml": "services: {api: {init: true}}\n" },
  "with an env_file": {
    "compose.yaml": "services:\n  api: {image: a/b, entrypoint: [node], command: [a.js], env_file: .env}\n",
    ".env": "A=1\n",
  },
  "with other files": { "compose.yml": COMPOSE, ".gitignore": "/dist\n", "app/index.js": "1\n", ".env": "\n\n" },
};

describe("uninstall", () => {
  const cases = Object.entries(FIXTURES).flatMap(([name, files]) => [
    [name, undefined, files] as const,
    [name, "env" as const, files] as const,
  ]);
  it.each(cases)("leads back byte for byte in a workspace %s (--discovery %s)", async (_, discovery, files) => {
    using folder = new TemporaryFolder();
    for (const [path, text] of Object.entries(files)) folder.write(path, text);
    const before = folder.files();
    await init(folder, { apps: { api: "shop" }, ...defined({ discovery }) });
    expect(folder.files()).not.toEqual(before);
    // A second `init` and a change of the declaration leave traces, too.
    await init(folder, {});
    uninstall(folder);
    expect(folder.files()).toEqual(before);
  });

  it("leaves an empty folder where init made the sample, and keeps what was edited since", async () => {
    using empty = new TemporaryFolder();
    await init(empty, {});
    uninstall(empty);
    expect(empty.files()).toEqual({});
    using edited = new TemporaryFolder();
    await init(edited, {});
    edited.write("app/server.mjs", "mine\n");
    expect(uninstall(edited).kept).toEqual([{ path: "app/server.mjs", why: "edited since init created it" }]);
    expect(edited.files()).toEqual({ "app/server.mjs": "mine\n" });
  });

  it("keeps lines that the user added to .env after ours, and removes ours where their values have changed", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", COMPOSE);
    folder.write(".env", "A=1");
    await init(folder, LISTED);
    folder.write(".env", `${folder.read(".env").replace(/GLITCHTIP_PORT=.*/, "GLITCHTIP_PORT=9123")}B=2\n`);
    uninstall(folder);
    expect(folder.read(".env")).toBe("A=1\nB=2\n");
  });

  it("knows our lines in a clone that has .env but no record of them", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", COMPOSE);
    folder.write(".env", "A=1\n");
    const before = folder.files();
    await init(folder, LISTED);
    rmSync(join(folder.path, ".glitchtip/state"), { recursive: true, force: true });
    uninstall(folder);
    expect(folder.files()).toEqual(before);
  });

  it("keeps mode and link of .env", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", COMPOSE);
    writeFileSync(join(folder.path, "shared.env"), "A=1\n");
    chmodSync(join(folder.path, "shared.env"), 0o600);
    symlinkSync("shared.env", join(folder.path, ".env"));
    await init(folder, LISTED);
    uninstall(folder);
    expect(lstatSync(join(folder.path, ".env")).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(folder.path, ".env"))).toBe("shared.env");
    expect(statSync(join(folder.path, "shared.env")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder.path, "shared.env"), "utf8")).toBe("A=1\n");
  });

  it("keeps a declaration that init did not make, and one that it is told to keep", async () => {
    using written = new TemporaryFolder();
    using example = new TemporaryFolder();
    for (const folder of [written, example]) folder.write("compose.yaml", COMPOSE);
    await init(example);
    written.write("glitchtip.yaml", `# Written by hand.\n${example.read("glitchtip.yaml")}`);
    const before = written.files();
    await init(written, {});
    uninstall(written);
    expect(written.files()).toEqual(before);
    using told = new TemporaryFolder();
    told.write("compose.yaml", COMPOSE);
    await init(told);
    uninstall(told, { keepDeclaration: true });
    expect(Object.keys(told.files())).toEqual(["compose.yaml", "glitchtip.yaml"]);
  });

  it("keeps a file of the user's that has the name of our Compose file", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", COMPOSE);
    await init(folder);
    folder.write("compose.override.yaml", "services: {api: {init: true}}\n");
    expect(uninstall(folder).kept).toEqual([{ path: "compose.override.yaml", why: "not created by init" }]);
    expect(Object.keys(folder.files())).toEqual(["compose.override.yaml", "compose.yaml"]);
  });

  it.each([
    ["COMPOSE_FILE=compose.yaml:compose.override.yaml:mine.yaml\nA=1\n", "COMPOSE_FILE=compose.yaml:mine.yaml\nA=1\n"],
    ["A=1\nCOMPOSE_FILE=compose.yaml:compose.override.yaml\n", "A=1\n"],
    ["GLITCHTIP_PORT=9000\nA=1\n", "GLITCHTIP_PORT=9000\nA=1\n"],
  ])("takes our file out of a COMPOSE_FILE that the user wrote later: %j", async (env, after) => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", COMPOSE);
    folder.write("mine.yaml", "services: {}\n");
    await init(folder);
    folder.write(".env", env);
    await init(folder, {});
    uninstall(folder);
    expect(folder.files()).toEqual({ ".env": after, "compose.yaml": COMPOSE, "mine.yaml": "services: {}\n" });
  });

  it("keeps what was ejected", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", COMPOSE);
    await init(folder);
    ejectFiles({ dir: folder.path, assets: testAssets() }, [".glitchtip/gate.py"]);
    expect(uninstall(folder).kept).toEqual([{ path: ".glitchtip/gate.py", why: "yours since eject" }]);
    expect(Object.keys(folder.files())).toEqual([".glitchtip/gate.py", "compose.yaml"]);
  });

  it("goes on where it was killed", async () => {
    using whole = new TemporaryFolder();
    whole.write("compose.yaml", COMPOSE);
    whole.write(".env", "A=1");
    const before = whole.files();
    await init(whole, LISTED);
    const plan = planUninstall(whole.path);
    for (let count = 0; count <= plan.removed.length; count++) {
      using partly = new TemporaryFolder();
      for (const [path, text] of Object.entries(whole.files())) partly.write(path, text);
      applyUninstall({ ...plan, dir: partly.path, removed: plan.removed.slice(0, count) });
      if (count < plan.removed.length) uninstall(partly);
      expect(partly.files()).toEqual(before);
    }
  });

  it("refuses a folder without a workspace", () => {
    using folder = new TemporaryFolder();
    expect(() => planUninstall(folder.path)).toThrow(expect.objectContaining({ code: "GC1108" }));
  });
});
