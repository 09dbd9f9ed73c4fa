import { existsSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import { observeStack, requireImages, usedImages } from "../../running/index.ts";
import type { Workspace } from "../../workspace/index.ts";
import { beginBackup } from "../folder.ts";
import { PARTIAL } from "../name.ts";
import { bundleFiles } from "./files.ts";

export const SUMS = "SHA256SUMS";
export const BUNDLE = "bundle.json";

export interface BundleOptions {
  readonly docker: Docker;
  readonly project: Workspace;
  /** The folder in which the bundle's own is made. */
  readonly to: string;
  readonly name: string;
  readonly loadScript: string;
  readonly toolVersion: string;
  /** Compose files that stay here. */
  readonly without: readonly string[];
  readonly dryRun: boolean;
  say(text: string): void;
}

export interface Bundle {
  readonly path: string;
  readonly bytes: number;
  readonly images: readonly { readonly image: string; readonly id: string }[];
  readonly files: readonly string[];
}

/** Images, files and checksums for a machine without internet. Whole or not there: its name comes last. */
export async function createBundle({ docker, project, to, name, ...options }: BundleOptions): Promise<Bundle> {
  const path = join(to, name);
  if (existsSync(path)) {
    throw new CodedError("GC1610", `${path} is there already`, { remedy: "Give another --name, or take it away." });
  }
  if (resolve(to) === resolve(project.dir)) {
    throw new CodedError("GC1610", "the project's own folder is no place for bundles", { remedy: "Give --to FOLDER." });
  }
  const files = bundleFiles(project, options.without);
  const stack = await observeStack(docker);
  const used = usedImages(stack).map(({ image }) => image);
  const pinned = used.filter((image) => image.includes("@"));
  if (pinned.length > 0) {
    throw new CodedError("GC1610", "images that are pinned by digest are not found again after docker load", {
      problems: pinned,
      remedy: "glitchtip-compose lock --remove, then package, then lock.",
    });
  }
  const ids = await requireImages(docker, used);
  const images = used.map((image) => ({ image, id: ids.get(image) ?? "" }));
  const paths = files.map((file) => file.path).sort();
  if (options.dryRun) return { path, bytes: 0, images, files: paths };

  // What a killed run of the same name has left.
  rmSync(path + PARTIAL, { recursive: true, force: true });
  const bundle = beginBackup(to, name);
  try {
    for (const file of files) await bundle.text(join("project", file.path), file.content);
    options.say(`saving ${used.length} images`);
    await bundle.write("images.tar", async (stdoutTo) => {
      const { code, stderr } = await docker.cli(["save", ...used], { stdoutTo });
      if (code !== 0) throw new CodedError("GC1610", "docker save failed", { problems: lastLines(stderr, 3) });
    });
    await bundle.text("load.sh", options.loadScript);
    const about = { version: 1, tool: options.toolVersion, project: stack.config.name, images, files: paths };
    await bundle.text(BUNDLE, `${JSON.stringify(about, null, 1)}\n`);
    const sums = bundle.files.map(({ path: file, sha256 }) => `${sha256}  ${file}\n`).join("");
    const bytes = bundle.files.reduce((sum, file) => sum + file.bytes, 0);
    await bundle.text(SUMS, sums);
    renameSync(bundle.path, path);
    return { path, bytes, images, files: paths };
  } catch (error) {
    bundle.discard();
    throw error;
  }
}
