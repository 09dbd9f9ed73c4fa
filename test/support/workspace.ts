import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Assets } from "../../src/workspace/assets.ts";
import { packageAssets } from "../../src/workspace/assets.ts";
import { TEXTS } from "./stack.ts";

/** A folder for one test, which is removed with it. */
export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));

  write(path: string, content: string | Uint8Array, mode = 0o644): void {
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    writeFileSync(join(this.path, path), content, { mode });
  }

  read(path: string): string {
    return readFileSync(join(this.path, path), "utf8");
  }

  remove(path: string): void {
    rmSync(join(this.path, path), { recursive: true });
  }

  /** Returns the text of every file by its path. */
  files(): Record<string, string> {
    const paths = readdirSync(this.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.path.length + 1));
    return Object.fromEntries(paths.sort().map((path) => [path, this.read(path)]));
  }

  mode(path: string): string {
    return (statSync(join(this.path, path)).mode & 0o777).toString(8);
  }

  modifiedMs(): number[] {
    return Object.keys(this.files()).map((path) => statSync(join(this.path, path)).mtimeMs);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Returns the package's own templates, with a stub for the bundle that only a build makes. */
export function testAssets(version = "1.0.0"): Assets {
  const assets = packageAssets();
  return {
    ...assets,
    version,
    editorSchema: () => "{}\n",
    texts: () => ({
      ...TEXTS,
      gate: `# gate of ${version}\n`,
      provisioner: `// bundle of ${version}\n`,
      // The licence of a library has such line ends.
      serve: () => `// bundle of ${version}\r\n`,
    }),
  };
}

export const BASE_TEXTS = ".glitchtip/base.json.gz";

/** Returns the texts from which merges start, by path. */
export const baseTexts = (folder: TemporaryFolder): Record<string, string> =>
  JSON.parse(gunzipSync(readFileSync(join(folder.path, BASE_TEXTS))).toString());

export const writeBaseTexts = (folder: TemporaryFolder, texts: Readonly<Record<string, string>>): void =>
  folder.write(BASE_TEXTS, gzipSync(JSON.stringify(texts)));

/** Puts these texts where earlier versions kept them: each in a file of its own. */
export function useFormerBase(folder: TemporaryFolder): void {
  for (const [path, text] of Object.entries(baseTexts(folder))) {
    folder.write(`.glitchtip/base/${path.replace(/^\.glitchtip\//, "")}`, text);
  }
  folder.remove(BASE_TEXTS);
}
