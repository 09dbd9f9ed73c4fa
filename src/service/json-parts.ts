/** Splits a JSON text chunk by chunk: into the objects and arrays at one depth, the parts, and the text around them. */
export interface JsonSplitter {
  write(chunk: Buffer): void;
  /** Returns the text around the parts, in which `{"part":0}` stands for the first part, `{"part":1}` for the second. */
  outline(): string;
  /** Returns how deep the text has been so far. */
  deepest(): number;
}

const [QUOTE, BACKSLASH, BRACE, BRACKET] = Buffer.from('"\\{[');
/** No byte of a longer UTF-8 character is one of these. */
const MARKS = Uint8Array.from({ length: 256 }, (_, byte) => Number('"{}[]'.includes(String.fromCharCode(byte))));

/** Returns the place of the next mark, or one that is not in the chunk. */
function nextMark(chunk: Buffer, from: number): number {
  let at = from;
  while (at < chunk.length && MARKS[chunk[at] as number] === 0) at++;
  return at;
}

/** Returns the place after a string: past the chunk's end where it goes on, and one further where a backslash is the last byte. */
function afterString(chunk: Buffer, from: number): number {
  let at = from;
  for (; at < chunk.length; at++) {
    if (chunk[at] === QUOTE) break;
    if (chunk[at] === BACKSLASH) at++;
  }
  return at + 1;
}

/**
 * Calls `onPart` with the bytes of each object and array at the depth: 1 is the outermost. Nothing is parsed or checked. The
 * whole text is valid JSON exactly where all parts and the text around them are.
 */
export function splitJson(depth: number, onPart: (part: Buffer) => void): JsonSplitter {
  const begun: Buffer[] = [];
  let parts = 0;
  let around = "";
  let open = 0;
  let deepest = 0;
  /** The place in the chunk at which the current part, or the text around the parts, continues. */
  let from = 0;
  let inString = false;
  let isEscaped = false;

  function bracket(chunk: Buffer, at: number): void {
    if (chunk[at] === BRACE || chunk[at] === BRACKET) {
      if (++open > deepest) deepest = open;
      if (open !== depth) return;
      around += `${chunk.toString("latin1", from, at)}{"part":${parts++}}`;
      from = at;
    } else if (open-- === depth) {
      const end = chunk.subarray(from, at + 1);
      onPart(begun.length === 0 ? end : Buffer.concat([...begun.splice(0), end]));
      from = at + 1;
    }
  }

  return {
    write(chunk) {
      from = 0;
      let at = inString ? afterString(chunk, isEscaped ? 1 : 0) : 0;
      for (at = nextMark(chunk, at); at < chunk.length; at = nextMark(chunk, at)) {
        if (chunk[at] === QUOTE) at = afterString(chunk, at + 1);
        else bracket(chunk, at++);
      }
      inString = at > chunk.length;
      isEscaped = at > chunk.length + 1;
      if (open >= depth) begun.push(chunk.subarray(from));
      else around += chunk.toString("latin1", from);
    },
    deepest: () => deepest,
    // A character may lie in two chunks, so bytes become text once they are all there.
    outline: () => Buffer.from(around, "latin1").toString("utf8"),
  };
}

/** Returns the number of objects and arrays at a depth. */
export function countParts(bytes: readonly Buffer[], depth: number): number {
  let count = 0;
  const splitter = splitJson(depth, () => {
    count++;
  });
  for (const chunk of bytes) splitter.write(chunk);
  return count;
}
