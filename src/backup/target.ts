import { createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { CodedError } from "../base/errors.ts";
import { type Backup, checkFiles, readBackup } from "./catalog.ts";
import { type BackupContext, lockBackups } from "./create.ts";
import { beginBackup, freeBytes, removePartials, requireSpace } from "./folder.ts";
import { MANIFEST, type Manifest, parseManifest } from "./manifest.ts";
import { timeOf } from "./name.ts";
import { openS3, type S3 } from "./s3.ts";
import type { S3Place } from "./s3-request.ts";

/** Where backups are copied to as well. */
export interface BackupTarget {
  readonly s3: S3;
  readonly prefix: string;
}

export const openTarget = (place: S3Place, context: Pick<BackupContext, "clock" | "signal">): BackupTarget => ({
  s3: openS3(place, context),
  prefix: place.prefix,
});

/** The manifest goes last: a copy is whole when it has one. */
export async function uploadBackup({ s3, prefix }: BackupTarget, { path, manifest }: Backup): Promise<void> {
  const at = (file: string) => `${prefix}${manifest.name}/${file}`;
  for (const file of manifest.files) await s3.put(at(file.path), join(path, file.path));
  await s3.putText(at(MANIFEST), readFileSync(join(path, MANIFEST), "utf8"));
}

/** Names of the whole ones there, newest first. */
export async function listTarget({ s3, prefix }: BackupTarget): Promise<string[]> {
  const keys = await s3.list(`${prefix}glitchtip-`);
  const names = keys.flatMap((key) => {
    const [name = "", file] = key.slice(prefix.length).split("/");
    return file === MANIFEST && timeOf(name) !== undefined ? [name] : [];
  });
  return names.sort().reverse();
}

type FolderContext = Pick<BackupContext, "folder" | "clock" | "signal" | "log">;

/** Brings one into the folder, checked; nothing is done where it is there already. */
export async function fetchBackup(target: BackupTarget, context: FolderContext, wanted: string): Promise<Backup> {
  const { folder, signal, log } = context;
  const name = wanted === "latest" ? (await listTarget(target))[0] : wanted;
  if (name === undefined || timeOf(name) === undefined) throw notThere(wanted);
  const path = join(folder, name);
  if (existsSync(path)) return readBackup(path);
  const at = (file: string) => `${target.prefix}${name}/${file}`;
  const head = await target.s3.get(at(MANIFEST));
  if (head === undefined) throw notThere(name);
  const manifest: Manifest = parseManifest(await text(head), at(""));
  await using _ = await lockBackups(context);
  removePartials(folder);
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  requireSpace(`${name} in ${folder}`, bytes, await freeBytes(folder));
  const partial = beginBackup(folder, name);
  try {
    for (const file of manifest.files) {
      log.step(`fetching ${file.path}`);
      const content = await target.s3.get(at(file.path));
      if (content === undefined) throw new CodedError("GC1803", `${at(file.path)} is missing at the target`, {});
      const full = join(partial.path, file.path);
      mkdirSync(dirname(full), { recursive: true, mode: 0o700 });
      await pipeline(content, createWriteStream(full, { flags: "wx", mode: 0o600, flush: true }), { signal });
    }
    await checkFiles({ path: partial.path, manifest }, signal);
    return { path: partial.finish(manifest), manifest };
  } catch (error) {
    partial.discard();
    throw error;
  }
}

const notThere = (name: string): CodedError =>
  new CodedError("GC1803", `the target has no backup ${name}`, { remedy: "glitchtip-compose backup list --target" });
