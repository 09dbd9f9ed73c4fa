import type { WriteStream } from "node:tty";

/** A narrower window is none that somebody reads: `script` and some CI systems open terminals with 0 columns and 0 rows. */
const LEAST_COLUMNS = 20;
const ASSUMED = { columns: 80, rows: 24 };

/**
 * Lets a terminal that reports no usable size have 80 columns and 24 rows, for our own lines and for libraries that read them
 * of the stream; also after each change of its size.
 */
export function assumeWindowSize(stream: Pick<WriteStream, "isTTY" | "columns" | "rows" | "prependListener">): void {
  if (!stream.isTTY) return;
  const assume = () => {
    if (!(stream.columns >= LEAST_COLUMNS)) stream.columns = ASSUMED.columns;
    if (!(stream.rows > 0)) stream.rows = ASSUMED.rows;
  };
  assume();
  stream.prependListener("resize", assume);
}
