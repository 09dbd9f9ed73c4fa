/** The lines of a text that comes in pieces, one after the other: its indent and what stands behind it. */
export class TextLines {
  /** Of the line it stands at; -1 behind the last. */
  indent = -1;
  text = "";
  private readonly pieces: Iterator<string>;
  private piece = "";
  private at = 0;

  constructor(pieces: Iterable<string>) {
    this.pieces = pieces[Symbol.iterator]();
  }

  /** To the next line that is neither empty nor only a comment. */
  next(): void {
    for (let line = this.line(); line !== undefined; line = this.line()) {
      let indent = 0;
      while (line.charCodeAt(indent) === SPACE) indent++;
      if (indent === line.length || line.charCodeAt(indent) === HASH) continue;
      this.indent = indent;
      this.text = line.slice(indent);
      return;
    }
    this.indent = -1;
    this.text = "";
  }

  private line(): string | undefined {
    for (;;) {
      const end = this.piece.indexOf("\n", this.at);
      if (end >= 0) {
        const line = this.piece.slice(this.at, end);
        this.at = end + 1;
        return line;
      }
      const rest = this.piece.slice(this.at);
      const { value, done } = this.pieces.next();
      if (done) {
        this.piece = "";
        this.at = 0;
        return rest === "" ? undefined : rest;
      }
      this.piece = rest + value;
      this.at = 0;
    }
  }
}

const SPACE = 32;
const HASH = 35;
