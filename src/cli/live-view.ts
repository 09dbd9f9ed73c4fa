import stringWidth from "string-width";

const HOME_AND_CLEAR = "\u001b[H\u001b[2J";

/** What a live view needs of a terminal, such as stdout. */
export interface TerminalWindow {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
}

export interface LiveView extends Disposable {
  /** Replaces what the view shows. */
  show(text: string): void;
}

/**
 * Opens a view that takes the whole window of a terminal, with `footer` below what it shows. It is drawn again at once when
 * the window changes its size.
 */
export function openLiveView(terminal: TerminalWindow, footer: string): LiveView {
  let shown: string | undefined;
  const draw = () => {
    if (shown === undefined) return;
    // A very small window has room for the text alone.
    const { columns, rows } = terminal;
    const below = rows > 3 ? [footer] : [];
    terminal.write(
      `${HOME_AND_CLEAR}${[fitted(shown, { columns, rows: rows - below.length }), ...below].join("\n")}\n`,
    );
  };
  terminal.on("resize", draw);
  return {
    show(text) {
      shown = text;
      draw();
    },
    [Symbol.dispose]: () => void terminal.off("resize", draw),
  };
}

/** Returns the first lines that fit into the window, and how many do not: text that scrolls would hide its beginning. */
export function fitted(text: string, { columns, rows }: Pick<TerminalWindow, "columns" | "rows">): string {
  const lines = text.split("\n");
  // The cursor stands in the last row.
  const room = Math.max(1, rows - 1);
  const height = (line: string) => Math.max(1, Math.ceil(stringWidth(line) / Math.max(1, columns)));
  if (lines.reduce((sum, line) => sum + height(line), 0) <= room) return text;
  let used = 1;
  const fitting = lines.findIndex((line) => {
    used += height(line);
    return used > room;
  });
  return [...lines.slice(0, fitting), `… ${lines.length - fitting} more: enlarge the window`].join("\n");
}
