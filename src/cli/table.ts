import stringWidth from "string-width";

/** What the last column needs at least, so that it is broken and not everything. */
const NARROWEST_CELL = 20;

/**
 * Lays rows out in columns as wide as their widest cell on a terminal; the last column is not padded. With the terminal's
 * columns, a last cell that is too wide is broken at blanks and goes on below itself.
 */
export function table(rows: readonly (readonly string[])[], terminalColumns?: number): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, stringWidth(cell));
  }
  const padded = (cell: string, i: number) => cell + " ".repeat((widths[i] ?? 0) - stringWidth(cell));
  const line = (row: readonly string[]): string => {
    const before = row
      .slice(0, -1)
      .map((cell, i) => `${padded(cell, i)}  `)
      .join("");
    const start = stringWidth(before);
    const room = (terminalColumns ?? Number.POSITIVE_INFINITY) - start;
    const last = room < NARROWEST_CELL ? [row.at(-1) ?? ""] : brokenAt(row.at(-1) ?? "", room);
    return (before + last.join(`\n${" ".repeat(start)}`)).trimEnd();
  };
  return rows.map(line).join("\n");
}

/** Returns the lines of a text that is broken at blanks; a word that is wider alone stays whole. */
function brokenAt(text: string, columns: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(" ")) {
    if (current !== "" && stringWidth(current) + 1 + stringWidth(word) > columns) {
      lines.push(current);
      current = word;
    } else current += current === "" ? word : ` ${word}`;
  }
  return [...lines, current];
}
