import { existsSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { isContainedPath } from "../../base/contained-path.ts";
import { counted } from "../../base/counted.ts";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import { observeStack, requireImages, usedImages } from "../../running/index.ts";
import type { Workspace } from "../../workspace/index.ts";
import { beginBackup, sha256Of } from "../folder.ts";
import { PARTIAL } from "../manifest.ts";
import { bundleFiles } from "./files.ts";

const CHECKSUMS = "SHA256SUMS";
const DESCRIPTION = "bundle.json";

export interface BundleOptions {
  readonly docker: Docker;
  readonly workspace: Workspace;
  /** The folder in which the bundle's folder is made. */
  readonly to: string;
  readonly name: string;
  readonly loadScript: string;
  readonly toolVersion: string;
  /** Compose files that are left out. */
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

/**
 * Writes images, files and checksums for a machine without internet access. The folder gets its name when it is
 * complete.
 */
export async function createBundle({ docker, workspace, to, name, ...options }: BundleOptions): Promise<Bundle> {
  const path = join(to, name);
  if (existsSync(path)) {
    throw new CodedError("GC1610", `${path} already exists`, { remedy: "Give another --name, or remove it." });
  }
  if (resolve(to) === resolve(workspace.dir)) {
    throw new CodedError("GC1610", "the workspace's own folder is no place for bundles", {
      remedy: "Give --to FOLDER.",
    });
  }
  const files = bundleFiles(workspace, options.without);
  const stack = await observeStack(docker);
  const used = usedImages(stack).map(({ image }) => image);
  const pinned = used.filter((image) => image.includes("@"));
  if (pinned.length > 0) {
    throw new CodedError("GC1610", "images that are pinned by digest are not found again after docker load", {
      problems: pinned,
      remedy: "npx glitchtip-compose lock --remove, then package, then lock.",
    });
  }
  const ids = await requireImages(docker, used);
  const images = used.map((image) => ({ image, id: ids.get(image) ?? "" }));
  const paths = files.map((file) => file.path).sort();
  if (options.dryRun) return { path, bytes: 0, images, files: paths };

  // Remove what a killed run of the same name has left.
  rmSync(path + PARTIAL, { recursive: true, force: true });
  const bundle = beginBackup(to, name);
  try {
    for (const file of files) await bundle.text(join("project", file.path), file.content);
    options.say(`saving ${counted(used.length, "image")}`);
    await bundle.write("images.tar", async (stdoutTo) => {
      const { code, stderr } = await docker.cli(["save", ...used], { stdoutTo });
      if (code !== 0) throw new CodedError("GC1610", "docker save failed", { problems: lastLines(stderr, 3) });
    });
    await bundle.text("load.sh", options.loadScript);
    const about = { version: 1, tool: options.toolVersion, project: stack.config.name, images, files: paths };
    await bundle.text(DESCRIPTION, `${JSON.stringify(about, null, 1)}\n`);
    const sums = bundle.files.map(({ path: file, sha256 }) => `${sha256}  ${file}\n`).join("");
    const bytes = bundle.files.reduce((sum, file) => sum + file.bytes, 0);
    await bundle.text(CHECKSUMS, sums);
    renameSync(bundle.path, path);
    return { path, bytes, images, files: paths };
  } catch (error) {
    bundle.discard();
    throw error;
  }
}

/** Verifies the checksum of each file and returns their number. Throws GC1610 with each that is missing or differs. */
export async function verifyBundle(path: string): Promise<number> {
  const lines = (readIfThere(join(path, CHECKSUMS)) ?? "").split("\n").filter((line) => line !== "");
  if (lines.length === 0) {
    throw new CodedError("GC1610", `${path} is no bundle: it has no ${CHECKSUMS}`, {
      remedy: "Give the folder that package created.",
    });
  }
  const problems: string[] = [];
  for (const line of lines) {
    const [, sum = "", file = ""] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    const full = join(path, file);
    if (file !== "" && !isContainedPath(file)) problems.push(`${JSON.stringify(file)} leaves the bundle`);
    else if (file === "" || !existsSync(full)) problems.push(`${file || line} is not there`);
    else if ((await sha256Of(full)) !== sum) problems.push(`${file} has other content`);
  }
  if (problems.length === 0) return lines.length;
  throw new CodedError("GC1610", `${path} is damaged`, { problems, remedy: "Copy it again." });
}
