import { chmodSync, chownSync, linkSync, lstatSync, readFileSync, renameSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeMissingFiles } from "../../../src/backup/restore/contents.ts";
import { writeSettings } from "../../../src/backup/upgrade/settings.ts";
import { silentLog } from "../../../src/base/log.ts";
import { initWorkspace } from "../../../src/init/init.ts";
import { addApp, removeApp } from "../../../src/workspace/apps.ts";
import { lockImages, unlockImages } from "../../../src/workspace/lock.ts";
import { ejectFiles } from "../../../src/workspace/render.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

const COMPOSE =
  "services:\n  api: { image: shop/api, entrypoint: [node], command: [x] }\n  web: { image: shop/web, entrypoint: [node], command: [x] }\n";
const [ENV, DECLARATION] = [".env", "glitchtip.yaml"];
const isRoot = process.geteuid?.() === 0;

const context = (folder: TemporaryFolder) => ({ dir: folder.path, log: silentLog, env: {}, assets: testAssets() });
const start = (folder: TemporaryFolder) => initWorkspace(context(folder), { apps: { api: "shop" }, discovery: "env" });
const docker = {
  config: async () => ({ name: "shop", services: { glitchtip: { image: "registry.example.com/glitchtip:6" } } }),
  digest: async () => `sha256:${"a".repeat(64)}`,
};
const upgraded = {
  declaration: [{ path: ["server", "image"], before: "glitchtip/glitchtip:6", after: "glitchtip/glitchtip:6.2" }],
  text: "",
  env: [{ name: "GLITCHTIP_IMAGE", before: "a", after: "b" }],
};

/** A folder as it is before a command, which files of the user's the command writes, and the command. */
interface Writer {
  readonly prepare: (folder: TemporaryFolder) => Promise<unknown> | undefined;
  readonly writes: readonly string[];
  readonly run: (folder: TemporaryFolder) => unknown;
}

const env = (folder: TemporaryFolder, lines: string) => folder.write(ENV, lines + folder.read(ENV));

const WRITERS: Readonly<Record<string, Writer>> = {
  init: {
    prepare: (folder) => void folder.write(ENV, "P=x\n"),
    writes: [ENV],
    run: start,
  },
  add: { prepare: start, writes: [DECLARATION], run: (folder) => addApp(context(folder), "web") },
  remove: { prepare: start, writes: [DECLARATION], run: (folder) => removeApp(context(folder), "api") },
  "lock and unlock": {
    prepare: async (folder) => {
      await start(folder);
      env(folder, "GLITCHTIP_IMAGE=registry.example.com/glitchtip:6\n");
    },
    writes: [ENV],
    run: async (folder) => {
      await lockImages(context(folder), docker);
      await unlockImages(context(folder));
    },
  },
  "upgrade and rollback": {
    prepare: async (folder) => {
      await start(folder);
      env(folder, "GLITCHTIP_IMAGE=a\n");
    },
    writes: [ENV, DECLARATION],
    run: (folder) => writeSettings(context(folder), upgraded, "after"),
  },
  restore: {
    prepare: (folder) => void folder.write(ENV, "P=x\n"),
    writes: [ENV],
    run: (folder) =>
      writeMissingFiles(folder.path, {
        files: [{ path: ENV, content: "GLITCHTIP_PORT=8100\n", mode: 0o644 }],
        state: undefined,
      }),
  },
  eject: {
    prepare: start,
    writes: ["compose.glitchtip.yaml"],
    run: (folder) => ejectFiles(context(folder), []),
  },
};

const prepared = async (writer: Writer): Promise<TemporaryFolder> => {
  const folder = new TemporaryFolder();
  folder.write("compose.yaml", COMPOSE);
  await writer.prepare(folder);
  return folder;
};

const each = Object.entries(WRITERS).flatMap(([name, writer]) =>
  writer.writes.map((file) => [name, file, writer] as const),
);

describe.each(each)("%s changes %s and", (_, file, writer) => {
  it.each(["600", "640", "660", "400", "440"])("keeps its mode %s", async (mode) => {
    using folder = await prepared(writer);
    const before = folder.read(file);
    chmodSync(join(folder.path, file), Number.parseInt(mode, 8));
    await writer.run(folder);
    expect(folder.read(file)).not.toBe(before);
    expect(folder.mode(file)).toBe(mode);
  });

  it.runIf(isRoot)("keeps its owner", async () => {
    using folder = await prepared(writer);
    chownSync(join(folder.path, file), 1000, 1001);
    await writer.run(folder);
    const { uid, gid } = statSync(join(folder.path, file));
    expect([uid, gid]).toEqual([1000, 1001]);
  });

  it("leaves it a symbolic link", async () => {
    using folder = await prepared(writer);
    const before = folder.read(file);
    renameSync(join(folder.path, file), join(folder.path, "shared"));
    symlinkSync("shared", join(folder.path, file));
    await writer.run(folder);
    expect(lstatSync(join(folder.path, file)).isSymbolicLink()).toBe(true);
    expect(folder.read("shared")).not.toBe(before);
  });

  it("keeps its other hard links", async () => {
    using folder = await prepared(writer);
    linkSync(join(folder.path, file), join(folder.path, "other"));
    await writer.run(folder);
    expect(statSync(join(folder.path, file)).ino).toBe(statSync(join(folder.path, "other")).ino);
  });
});

/** Every line of `before` stands in `after` with its bytes and its line end, in this order. */
function expectLinesKept(before: Buffer, after: Buffer, changed: (line: string) => boolean = () => false): void {
  let at = 0;
  for (const line of before.toString("latin1").split(/(?<=\n)/)) {
    if (changed(line)) continue;
    const found = after.toString("latin1").indexOf(line, at);
    expect(found, `${JSON.stringify(line)} in ${JSON.stringify(after.toString("latin1"))}`).toBeGreaterThanOrEqual(at);
    at = found + line.length;
  }
}

const bytesOf = (folder: TemporaryFolder, file: string) => readFileSync(join(folder.path, file));

describe("bytes that are not ours in .env", () => {
  it.each([
    ["CRLF", Buffer.from("P=x\r\n# c\r\n")],
    ["a byte order mark", Buffer.from("\uFEFFP=x\n")],
    ["no newline at the end", Buffer.from("P=x\nQ=y")],
    ["Latin-1", Buffer.from("# f\xfcr\nP=\xe9\n", "latin1")],
  ])("survive init, lock, upgrade and restore with %s", async (name, bytes) => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", COMPOSE);
    folder.write(ENV, bytes);
    await start(folder);
    const made = bytesOf(folder, ENV);
    expect(made.subarray(0, bytes.length)).toEqual(bytes);
    if (name === "CRLF") expect(made.toString("latin1")).not.toMatch(/[^\r]\n/);
    folder.write(ENV, Buffer.concat([made, Buffer.from("GLITCHTIP_IMAGE=registry.example.com/glitchtip:6\n")]));
    await lockImages(context(folder), docker);
    expect(bytesOf(folder, ENV).subarray(0, made.length)).toEqual(made);
    await writeSettings(
      context(folder),
      { declaration: [], text: "", env: [{ name: "GLITCHTIP_IMAGE", before: "a", after: "glitchtip/glitchtip:6" }] },
      "after",
    );
    writeMissingFiles(folder.path, {
      files: [{ path: ENV, content: "GLITCHTIP_DOMAIN=x\nGLITCHTIP_PORT=1\n", mode: 0o644 }],
      state: undefined,
    });
    expect(bytesOf(folder, ENV).subarray(0, made.length)).toEqual(made);
  });
});

describe("bytes that are not ours in glitchtip.yaml", () => {
  const changes: Readonly<Record<string, (text: string) => string>> = {
    CRLF: (text) => text.replaceAll("\n", "\r\n"),
    "a byte order mark": (text) => `\uFEFF${text}`,
    "no newline at the end": (text) => text.trimEnd(),
    "CRLF, a byte order mark and braces": (text) =>
      `\uFEFF${text.replace(/\napps:\n[\s\S]*$/, "\napps: {api: {project: shop}} # why\n").replaceAll("\n", "\r\n")}`,
  };
  it.each(Object.entries(changes))("survive add and remove with %s", async (name, change) => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", COMPOSE);
    await start(folder);
    folder.write(DECLARATION, change(folder.read(DECLARATION)));
    const before = bytesOf(folder, DECLARATION);
    await addApp(context(folder), "web");
    const inBraces = name.includes("braces");
    expectLinesKept(before, bytesOf(folder, DECLARATION), (line) => inBraces && line.startsWith("apps:"));
    if (name.includes("CRLF")) expect(folder.read(DECLARATION)).not.toMatch(/[^\r]\n/);
    expect(folder.read(DECLARATION).startsWith("\uFEFF")).toBe(name.includes("order mark"));
    await removeApp(context(folder), "web");
    expectLinesKept(before, bytesOf(folder, DECLARATION), (line) => inBraces && line.startsWith("apps:"));
    if (name.includes("CRLF")) expect(folder.read(DECLARATION)).not.toMatch(/[^\r]\n/);
  });

  it("that are not UTF-8 are an error with their line, and nothing is written", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", COMPOSE);
    await start(folder);
    const bytes = Buffer.concat([Buffer.from("# f\xfcr\n", "latin1"), bytesOf(folder, DECLARATION)]);
    folder.write(DECLARATION, bytes);
    const before = folder.modifiedMs();
    await expect(addApp(context(folder), "web")).rejects.toMatchObject({
      code: "GC1102",
      message: "glitchtip.yaml: line 1 is not UTF-8",
    });
    expect(bytesOf(folder, DECLARATION)).toEqual(bytes);
    expect(folder.modifiedMs()).toEqual(before);
  });
});
