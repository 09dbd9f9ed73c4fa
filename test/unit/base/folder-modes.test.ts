import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";

const root = new URL("../../..", import.meta.url).pathname;

describe("a folder that the tool makes", () => {
  it("can be written by its owner only, also with a umask of 000", () => {
    const dir = mkdtempSync(join(tmpdir(), "umask-"));
    try {
      const program = `
        import { writeOne } from "${root}src/base/files.ts";
        import { makeParentBelow } from "${root}src/base/contained-path.ts";
        process.umask(0);
        writeOne("${dir}/.glitchtip/base/file", "x", 0o644);
        makeParentBelow("${dir}/below", "a/b/file");`;
      const { outputFiles } = buildSync({
        stdin: { contents: program, resolveDir: root, loader: "ts" },
        bundle: true,
        platform: "node",
        format: "esm",
        write: false,
      });
      execFileSync(execPath, ["--input-type=module"], { input: outputFiles[0]?.text ?? "" });
      for (const path of [".glitchtip", ".glitchtip/base", "below", "below/a", "below/a/b"]) {
        expect(statSync(join(dir, path)).mode & 0o777, path).toBe(0o755);
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it("has a stated mode everywhere in the source", () => {
    const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".ts"),
    );
    const found = files.flatMap((path) =>
      [...readFileSync(join(root, "src", path), "utf8").matchAll(/\bmkdir(?:Sync)?\(.*$/gm)]
        .filter(([call]) => !/\bmode\b/.test(call))
        .map(([call]) => `${path}: ${call}`),
    );
    expect(found).toEqual([]);
  });
});
