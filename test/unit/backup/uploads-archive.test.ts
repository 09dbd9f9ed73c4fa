import { createWriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Headers, pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { checkUploads } from "../../../src/backup/uploads-archive.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

const { signal } = new AbortController();

type Entry = Partial<Headers> & { readonly name: string };

/** Checks an archive of these entries; those without a type are files. */
async function checked(...entries: readonly Entry[]): Promise<void> {
  using folder = new TemporaryFolder();
  const archive = pack();
  for (const entry of entries) archive.entry(entry, entry.type === undefined ? "content" : undefined);
  archive.finalize();
  const path = join(folder.path, "uploads.tar");
  await pipeline(archive, createWriteStream(path));
  await checkUploads(path, signal);
}

const FOLDER: Entry = { name: "uploads/", type: "directory" };

describe("the archive of uploads", () => {
  it("may hold files, folders, and links that stay in it", async () => {
    await checked();
    await checked(
      FOLDER,
      { name: "uploads/a/", type: "directory" },
      { name: "uploads/a/source map é \\ 1.map" },
      { name: `uploads/a/${"long/".repeat(60)}name` },
      { name: "uploads/newest", type: "symlink", linkname: "a/source.map" },
      { name: "uploads/a/up", type: "symlink", linkname: "../newest" },
      { name: "uploads/a/same", type: "link", linkname: "uploads/a/source.map" },
    );
  });

  it.each<[string, Entry]>([
    ["an absolute path", { name: "/etc/cron.d/evil" }],
    ["a path with ..", { name: "uploads/../../evil" }],
    ["a folder with ..", { name: "uploads/a/../../../evil/", type: "directory" }],
    ["a path beside the folder", { name: "evil" }],
    ["a newline before ..", { name: "uploads/a\n/../../../evil" }],
    ["a control character", { name: "uploads/\u001b[2Jevil" }],
    ["an absolute link", { name: "uploads/a", type: "symlink", linkname: "/etc" }],
    ["a link that leads out", { name: "uploads/a", type: "symlink", linkname: "../../etc" }],
    ["a link with .. behind a name", { name: "uploads/a", type: "symlink", linkname: "b/../../x" }],
    ["a link to a folder above", { name: "uploads/a", type: "symlink", linkname: ".." }],
    ["a hard link that leads out", { name: "uploads/a", type: "link", linkname: "/etc/passwd" }],
    ["a device", { name: "uploads/null", type: "character-device" }],
    ["a block device", { name: "uploads/sda", type: "block-device" }],
    ["a pipe", { name: "uploads/pipe", type: "fifo" }],
  ])("is refused with %s, which is named without control characters", async (_, entry) => {
    const error = await checked(FOLDER, entry).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "GC1803", problems: [expect.any(String)] });
    expect((error as { problems: string[] }).problems[0]).not.toMatch(/\p{Cc}/u);
  });

  it("is refused with a file or a hard link below a link", async () => {
    const link: Entry = { name: "uploads/a", type: "symlink", linkname: "b" };
    await expect(checked(FOLDER, link, { name: "uploads/a/file" })).rejects.toMatchObject({ code: "GC1803" });
    const hard: Entry = { name: "uploads/c", type: "link", linkname: "uploads/a/file" };
    await expect(checked(FOLDER, link, hard)).rejects.toMatchObject({ code: "GC1803" });
  });

  it("is refused where it is no archive, and names at most five entries", async () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, "uploads.tar");
    writeFileSync(path, "x".repeat(2_048));
    await expect(checkUploads(path, signal)).rejects.toMatchObject({ code: "GC1803" });
    const many = Array.from({ length: 20 }, (_, i): Entry => ({ name: `/evil${i}` }));
    await expect(checked(...many)).rejects.toMatchObject({
      problems: [...Array(5).fill(expect.stringContaining("evil")), "and 15 more"],
    });
  });
});
