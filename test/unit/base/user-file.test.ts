import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readUserText, writeUserFile } from "../../../src/base/user-file.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

const isRoot = process.geteuid?.() === 0;

/** Sets a POSIX ACL that lets user 1234 read the file. False where this file system has none. */
function grantByAcl(path: string): boolean {
  const entry = (tag: number, permissions: number, id: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(tag, 0);
    bytes.writeUInt16LE(permissions, 2);
    bytes.writeUInt32LE(id, 4);
    return bytes;
  };
  const ANYBODY = 0xffffffff;
  const acl = Buffer.concat([
    Buffer.from([2, 0, 0, 0]),
    entry(0x01, 6, ANYBODY),
    entry(0x02, 4, 1234),
    entry(0x04, 0, ANYBODY),
    entry(0x10, 4, ANYBODY),
    entry(0x20, 0, ANYBODY),
  ]).toString("hex");
  const program = `import os,sys; os.setxattr(sys.argv[1], "system.posix_acl_access", bytes.fromhex("${acl}"))`;
  try {
    execFileSync("python3", ["-c", program, path], { stdio: "ignore" });
    return execFileSync("ls", ["-ld", path], { encoding: "utf8" })[10] === "+";
  } catch {
    return false;
  }
}

/** Executes `work`, which must be synchronous, as another user and group. */
function asUser(id: number, work: () => void): void {
  process.setegid?.(id);
  process.seteuid?.(id);
  try {
    work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

describe("a file of the user's that is written again", () => {
  it.each(["600", "640", "660", "400", "440", "604", "2640"])("keeps the mode %s", (mode) => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, ".env");
    writeFileSync(path, "A=1\n");
    chmodSync(path, Number.parseInt(mode, 8));
    writeUserFile(path, "A=2\n");
    expect(readFileSync(path, "utf8")).toBe("A=2\n");
    expect((statSync(path).mode & 0o7777).toString(8)).toBe(mode);
    expect(readdirSync(folder.path)).toEqual([".env"]);
  });

  it.runIf(isRoot)("keeps its owner and its group", () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, ".env");
    writeFileSync(path, "A=1\n", { mode: 0o640 });
    chownSync(path, 1000, 1001);
    writeUserFile(path, "A=2\n");
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, mode & 0o777]).toEqual([1000, 1001, 0o640]);
  });

  it.runIf(isRoot && process.seteuid !== undefined)(
    "keeps its owner where another user may write it, but cannot give a new file to its owner",
    () => {
      using folder = new TemporaryFolder();
      chmodSync(folder.path, 0o777);
      const path = join(folder.path, ".env");
      writeFileSync(path, "A=1\n");
      chmodSync(path, 0o660);
      chownSync(path, 0, 1000);
      const { ino } = statSync(path);
      asUser(1000, () => writeUserFile(path, "A=2\n"));
      const after = statSync(path);
      expect([readFileSync(path, "utf8"), after.ino, after.uid, after.gid, after.mode & 0o777]).toEqual([
        "A=2\n",
        ino,
        0,
        1000,
        0o660,
      ]);
      expect(readdirSync(folder.path)).toEqual([".env"]);
    },
  );

  it.runIf(isRoot && process.seteuid !== undefined)("is written in a folder that is closed for us", () => {
    using folder = new TemporaryFolder();
    chmodSync(folder.path, 0o755);
    const path = join(folder.path, ".env");
    writeFileSync(path, "A=1\n");
    chownSync(path, 1000, 1000);
    asUser(1000, () => writeUserFile(path, "A=2\n"));
    expect([readFileSync(path, "utf8"), statSync(path).uid]).toEqual(["A=2\n", 1000]);
    chownSync(path, 0, 0);
    asUser(1000, () =>
      expect(() => writeUserFile(path, "A=3\n")).toThrow(
        expect.objectContaining({ code: "GC1501", message: `${path} cannot be written` }),
      ),
    );
    expect(readFileSync(path, "utf8")).toBe("A=2\n");
  });

  it("stays a symbolic link, and the file behind it is replaced", () => {
    using folder = new TemporaryFolder();
    mkdirSync(join(folder.path, "shared"));
    mkdirSync(join(folder.path, "release"));
    const target = join(folder.path, "shared/env");
    writeFileSync(target, "A=1\n", { mode: 0o600 });
    symlinkSync("../shared/env", join(folder.path, "release/.env.real"));
    symlinkSync(".env.real", join(folder.path, "release/.env"));
    writeUserFile(join(folder.path, "release/.env"), "A=2\n");
    expect(readlinkSync(join(folder.path, "release/.env"))).toBe(".env.real");
    expect(readlinkSync(join(folder.path, "release/.env.real"))).toBe("../shared/env");
    expect(readFileSync(target, "utf8")).toBe("A=2\n");
    expect(statSync(target).mode & 0o777).toBe(0o600);
  });

  it("is made where a symbolic link leads to nothing yet", () => {
    using folder = new TemporaryFolder();
    mkdirSync(join(folder.path, "shared"));
    symlinkSync("shared/env", join(folder.path, ".env"));
    writeUserFile(join(folder.path, ".env"), "A=2\n");
    expect(lstatSync(join(folder.path, ".env")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder.path, "shared/env"), "utf8")).toBe("A=2\n");
  });

  it("keeps its other hard links, and becomes shorter as well as longer", () => {
    using folder = new TemporaryFolder();
    const [path, other] = [join(folder.path, ".env"), join(folder.path, "other")];
    writeFileSync(path, "A=1\nB=2\n", { mode: 0o600 });
    linkSync(path, other);
    for (const text of ["A=1\n", "A=1\nB=2\nC=3\n", ""]) {
      writeUserFile(path, text);
      expect(readFileSync(other, "utf8")).toBe(text);
      expect(statSync(path).ino).toBe(statSync(other).ino);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("keeps its access control list", ({ skip }) => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, ".env");
    writeFileSync(path, "A=1\n", { mode: 0o600 });
    if (!grantByAcl(path)) skip("this file system, or this machine without python3, sets no ACL");
    writeUserFile(path, "A=2\n");
    expect(readFileSync(path, "utf8")).toBe("A=2\n");
    expect(execFileSync("ls", ["-ld", path], { encoding: "utf8" }).slice(0, 11)).toBe("-rw-r-----+");
  });

  it("is not replaced when its text is the same", () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, ".env");
    writeFileSync(path, "A=1\n");
    const before = statSync(path);
    writeUserFile(path, "A=1\n");
    expect(statSync(path).ino).toBe(before.ino);
    expect(statSync(path).mtimeMs).toBe(before.mtimeMs);
  });

  it("gets the usual mode where it is new", () => {
    using folder = new TemporaryFolder();
    writeUserFile(join(folder.path, "glitchtip.yaml"), "version: 1\n");
    expect(folder.mode("glitchtip.yaml")).toBe("644");
  });

  it("is refused where it is no regular file", () => {
    using folder = new TemporaryFolder();
    mkdirSync(join(folder.path, ".env"));
    symlinkSync("/dev/null", join(folder.path, "null"));
    for (const name of [".env", "null"]) {
      expect(() => writeUserFile(join(folder.path, name), "A=1\n")).toThrow(
        expect.objectContaining({ code: "GC1501", message: expect.stringContaining("is not a regular file") }),
      );
    }
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

describe("the bytes of a file of the user's", () => {
  it.each([
    ["CRLF", "A=1\r\nB=2\r\n"],
    ["a byte order mark", "\uFEFFA=1\n"],
    ["no newline at the end", "A=1\nB=2"],
    ["characters outside the basic plane", "A=😀 ü\n"],
    ["Latin-1", Buffer.from([0x23, 0xfc, 0x0a, 0x41, 0x3d, 0x31, 0x0a])],
    ["cut and overlong sequences", Buffer.from([0xe2, 0x82, 0x0a, 0xc0, 0xaf, 0xf0, 0x9f, 0x98, 0x80, 0xff])],
    ["an encoded surrogate", Buffer.from([0x41, 0xed, 0xb3, 0xbf, 0xed, 0xa0, 0x80, 0x42])],
    ["a replacement character of its own", "A=\uFFFD\n"],
  ])("survive with %s", (_, content) => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, ".env");
    writeFileSync(path, content);
    const before = readFileSync(path);
    writeUserFile(path, `${readUserText(path)}MORE=1\n`);
    expect(readFileSync(path)).toEqual(Buffer.concat([before, Buffer.from("MORE=1\n")]));
  });

  it("are never replaced by a text that has lost some of them", () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, "glitchtip.yaml");
    const bytes = Buffer.from([0x61, 0x0a, 0x23, 0xfc, 0x0a]);
    writeFileSync(path, bytes);
    expect(() => writeUserFile(path, `${readFileSync(path, "utf8")}b\n`)).toThrow(
      expect.objectContaining({ code: "GC1501", message: `${path}: line 2 is not UTF-8` }),
    );
    expect(readFileSync(path)).toEqual(bytes);
  });
});
