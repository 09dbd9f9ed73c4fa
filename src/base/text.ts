import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { orNotThere, readIfThere } from "./files.ts";

/** A text that is read in pieces, so that a long one is never in memory as a whole, or whole where that is needed. */
export interface Text {
  readonly bytes: number;
  /** At the end of each a line ends. */
  pieces(): Iterable<string>;
  whole(): string;
}

export const asText = (text: string | Text): Text =>
  typeof text === "string" ? { bytes: text.length, pieces: () => [text], whole: () => text } : text;

/** Of a file, which is read anew each time, or undefined where there is none; any other failure is thrown. */
export const textIfThere = (path: string): Text | undefined =>
  orNotThere(path, () => {
    const bytes = sizeOf(path);
    return { bytes, pieces: () => piecesOf(path), whole: () => readIfThere(path) ?? "" };
  });

function sizeOf(path: string): number {
  const file = openSync(path, "r");
  try {
    // A folder can be opened; only a read tells.
    readSync(file, Buffer.alloc(1));
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
}

const PIECE_BYTES = 64 * 1024;

function* piecesOf(path: string): Generator<string> {
  const file = openSync(path, "r");
  try {
    const decoder = new StringDecoder("utf8");
    const bytes = Buffer.allocUnsafe(PIECE_BYTES);
    let rest = "";
    for (let length = readSync(file, bytes); length > 0; length = readSync(file, bytes)) {
      const read = rest + decoder.write(bytes.subarray(0, length));
      const end = read.lastIndexOf("\n") + 1;
      rest = read.slice(end);
      if (end > 0) yield read.slice(0, end);
    }
    yield rest + decoder.end();
  } finally {
    closeSync(file);
  }
}
