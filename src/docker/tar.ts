/** Returns the first regular file of a tar archive as text. The engine answers with an archive of one file. */
export function firstFileOf(archive: Uint8Array): string | undefined {
  const text = (from: number, length: number) => Buffer.from(archive.subarray(from, from + length)).toString("utf8");
  const BLOCK = 512;
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const size = Number.parseInt(text(at + 124, 12), 8) || 0;
    const type = text(at + 156, 1);
    if (text(at, 1) === "\0") return undefined;
    // Other types are folders, links and extended headers ("x", "g"), which come before the file that they describe.
    if (type === "0" || type === "\0") return text(at + BLOCK, size);
    at += BLOCK * (1 + Math.ceil(size / BLOCK));
  }
  return undefined;
}
