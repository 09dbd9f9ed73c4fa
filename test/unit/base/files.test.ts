import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { explainWriteError, readIfThere, removeLeftovers, writeAll, writeOne } from "../../../src/base/files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);
const modeOf = (name: string) => statSync(at(name)).mode & 0o777;
const errno = (code: string) => Object.assign(new Error(`${code}: it failed`), { code });

describe("readIfThere", () => {
  it("returns the text, and undefined for a file that does not exist", () => {
    writeFileSync(at("a"), "ä\n");
    expect(readIfThere(at("a"))).toBe("ä\n");
    expect(readIfThere(at("b"))).toBeUndefined();
    expect(readIfThere(at("a/below-a-file"))).toBeUndefined();
  });

  it("throws with the path of a file that cannot be read", () => {
    mkdirSync(at("dir"));
    expect(() => readIfThere(at("dir"))).toThrow(
      expect.objectContaining({ code: "GC1501", message: `${at("dir")} is there but cannot be read` }),
    );
  });
});

describe("writeAll", () => {
  it("writes texts and bytes, makes the folders, and leaves no temporary file", () => {
    writeAll([
      { path: at("deep/er/a.env"), content: "ä\n", mode: 0o444 },
      { path: at("b"), content: new Uint8Array([0, 255]), mode: 0o600 },
      { path: at("empty"), content: "", mode: 0o644 },
    ]);
    expect(readFileSync(at("deep/er/a.env"), "utf8")).toBe("ä\n");
    expect([...readFileSync(at("b"))]).toEqual([0, 255]);
    expect(readFileSync(at("empty"), "utf8")).toBe("");
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(["b", "deep", "deep/er", "deep/er/a.env", "empty"]);
  });

  it("sets exactly the given permissions, whatever the umask and the old file", () => {
    const umask = process.umask(0o077);
    try {
      writeFileSync(at("open"), "old", { mode: 0o600 });
      chmodSync(at("open"), 0o600);
      writeAll([
        { path: at("open"), content: "new", mode: 0o444 },
        { path: at("closed"), content: "new", mode: 0o600 },
      ]);
    } finally {
      process.umask(umask);
    }
    expect([modeOf("open"), modeOf("closed")]).toEqual([0o444, 0o600]);
  });

  it("replaces a read-only file; its readers keep the old content", () => {
    writeOne(at("a"), "old", 0o444);
    writeOne(at("a"), "new", 0o444);
    expect(readFileSync(at("a"), "utf8")).toBe("new");
  });

  it("writes no file where one cannot be written, names that one and leaves nothing behind", () => {
    writeFileSync(at("good"), "old");
    writeFileSync(at("file"), "");
    const files = [
      { path: at("good"), content: "new", mode: 0o644 },
      { path: at("file/below"), content: "new", mode: 0o644 },
    ];
    expect(() => writeAll(files)).toThrow(
      expect.objectContaining({ code: "GC1501", message: `${at("file/below")} cannot be written` }),
    );
    expect(readFileSync(at("good"), "utf8")).toBe("old");
    expect(readdirSync(folder).sort()).toEqual(["file", "good"]);
  });

  it("names a folder that is in the place of a file", () => {
    mkdirSync(at("dir/full"), { recursive: true });
    expect(() => writeOne(at("dir"), "x", 0o644)).toThrow(expect.objectContaining({ code: "GC1501" }));
    expect(readdirSync(folder)).toEqual(["dir"]);
  });

  it("does nothing for no files", () => {
    writeAll([]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("removeLeftovers", () => {
  it("removes what a killed writer left, and no other file", () => {
    const others = ["a.env", "a.env.tmp", "notes.tmp", "a.env.0123456789abcdef.tmp"];
    for (const name of [...others, "a.env.0123456789ab.tmp", "state.json.ffffffffffff.tmp"])
      writeFileSync(at(name), "");
    removeLeftovers(folder);
    expect(readdirSync(folder).sort()).toEqual([...others].sort());
  });

  it("with alone: false keeps the files of living processes, and those of other names than beside", () => {
    const end = "0123456789ab.tmp";
    // A number that no process has: they end at 4 million.
    const dead = 2 ** 30;
    const [mine, living] = [`a.env.${process.pid}-${end}`, `a.env.${process.ppid}-${end}`];
    const others = [living, `notes.${dead}-${end}`, "a.env"];
    for (const name of [...others, mine, `a.env.${dead}-${end}`, `a.env.${end}`]) writeFileSync(at(name), "");
    removeLeftovers(folder, { alone: false, beside: ["a.env"] });
    expect(readdirSync(folder).sort()).toEqual([...others].sort());
    removeLeftovers(folder);
    expect(readdirSync(folder)).toEqual(["a.env"]);
  });

  it("accepts a folder that does not exist", () => {
    expect(() => removeLeftovers(at("nowhere"))).not.toThrow();
  });
});

describe("an error of the system for a write", () => {
  it.each(["ENOSPC", "EDQUOT"])("%s is GC1502: no space is left", (code) => {
    const cause = errno(code);
    expect(explainWriteError(cause, "/run/glitchtip/api.env")).toMatchObject({
      code: "GC1502",
      message: "/run/glitchtip/api.env: no space is left",
      cause,
    });
  });

  it.each(["EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR", "EEXIST", "ENOENT"])("%s is GC1501", (code) => {
    expect(explainWriteError(errno(code), "/state/state.json")).toMatchObject({
      code: "GC1501",
      message: "/state/state.json cannot be written",
    });
  });

  it("another error is returned unchanged", () => {
    const error = errno("EIO");
    expect(explainWriteError(error, "/x")).toBe(error);
  });
});
