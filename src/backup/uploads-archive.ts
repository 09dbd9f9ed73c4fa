import { createReadStream } from "node:fs";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Headers } from "tar-stream";
import { cleanLine } from "../base/clean.ts";
import { CodedError } from "../base/errors.ts";

/** The one folder that the archive has. */
const ROOT = "uploads";
const SHOWN = 5;
const CONTROL = /\p{Cc}/u;

/**
 * Reads the archive of the uploads to its end. Throws GC1803 where an entry would not stay in the folder that it is
 * extracted to, or is no file, folder or link within that folder: a backup may come from elsewhere.
 */
export async function checkUploads(archive: string, signal: AbortSignal): Promise<void> {
  // A CommonJS module has no named exports where a bundle loads it on demand.
  const { default: tarStream } = await import("tar-stream");
  const problems: string[] = [];
  const symlinks = new Set<string>();
  const entries = tarStream.extract();
  entries.on("entry", (header, content, next) => {
    const problem = entryProblem(header, symlinks);
    if (problem !== undefined) problems.push(`${cleanLine(header.name)}: ${problem}`);
    else if (header.type === "symlink") symlinks.add(header.name);
    content.on("end", next);
    content.resume();
  });
  try {
    await pipeline(createReadStream(archive), entries, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    problems.push(`it cannot be read as an archive: ${cause instanceof Error ? cause.message : cause}`);
  }
  if (problems.length === 0) return;
  throw new CodedError("GC1803", `${archive} holds entries that cannot be extracted safely`, {
    problems: [
      ...problems.slice(0, SHOWN),
      ...(problems.length > SHOWN ? [`and ${problems.length - SHOWN} more`] : []),
    ],
    remedy: "Take another backup: npx glitchtip-compose backup list. Nothing was changed.",
  });
}

/** `symlinks` are the links that came before: what lies below one is elsewhere. */
function entryProblem({ name, type, linkname }: Headers, symlinks: ReadonlySet<string>): string | undefined {
  const path = type === "directory" ? name.replace(/\/$/, "") : name;
  if (!staysInside(path)) return "leads out of the uploads";
  if (foldersAbove(path).some((folder) => symlinks.has(folder))) return "lies below a link";
  switch (type) {
    case "file":
    case "directory":
      return undefined;
    case "link":
      return linkname != null &&
        staysInside(linkname) &&
        ![linkname, ...foldersAbove(linkname)].some((one) => symlinks.has(one))
        ? undefined
        : "is a hard link that leads out of the uploads";
    case "symlink":
      return linkname != null && pointsInside(path, linkname) ? undefined : "is a link that leads out of the uploads";
    default:
      return `is a ${type ?? "thing of an unknown kind"}`;
  }
}

const staysInside = (path: string): boolean =>
  !CONTROL.test(path) && posix.resolve("/", path) === `/${path}` && (path === ROOT || path.startsWith(`${ROOT}/`));

/** A `..` after a name could lead anywhere: the name may be a link. */
const pointsInside = (path: string, target: string): boolean =>
  !CONTROL.test(target) &&
  /^(?:\.\.\/)*(?!\.\.?(?:\/|$))[^/]+(?:\/(?!\.\.?(?:\/|$))[^/]+)*$/.test(target) &&
  staysInside(posix.join(posix.dirname(path), target));

const foldersAbove = (path: string): string[] => {
  const parts = path.split("/");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("/"));
};
