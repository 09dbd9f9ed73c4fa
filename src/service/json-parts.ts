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

  /** Returns the place after the string that the place lies in, or the end of the chunk. */
  function afterString(chunk: Buffer, place: number): number {
    let at = isEscaped ? place + 1 : place;
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) {
        inString = false;
        break;
      }
    }
    isEscaped = at > chunk.length;
    return at + 1;
  }

  function mark(chunk: Buffer, at: number): void {
    const byte = chunk[at];
    if (byte === QUOTE) {
      inString = true;
    } else if (byte === BRACE || byte === BRACKET) {
      if (++open > deepest) deepest = open;
      if (open !== depth) return;
      around += `${chunk.toString("latin1", from, at)}{"part":${parts++}}`;
      from = at;
    } else if (--open === depth - 1) {
      const end = chunk.subarray(from, at + 1);
      onPart(begun.length === 0 ? end : Buffer.concat([...begun.splice(0), end]));
      from = at + 1;
    }
  }

  return {
    write(chunk) {
      from = 0;
      for (let at = 0; at < chunk.length; at++) {
        if (inString) at = afterString(chunk, at);
        if (MARKS[chunk[at] as number]) mark(chunk, at);
      }
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
