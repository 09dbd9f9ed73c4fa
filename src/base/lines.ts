import { StringDecoder } from "node:string_decoder";

/** Chunks to lines; a character or a line may be split over chunks. */
export function splitLines(onLine: (line: string) => void) {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return {
    push(chunk: Buffer): void {
      const parts = (rest + decoder.write(chunk)).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) onLine(part.replace(/\r$/, ""));
    },
    end(): void {
      const last = rest + decoder.end();
      if (last !== "") onLine(last);
    },
  };
}
