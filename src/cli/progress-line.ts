import { clearLine, cursorTo } from "node:readline";
import stringWidth from "string-width";

/** What a progress line needs of a terminal, such as stderr. */
export interface ProgressTerminal extends NodeJS.WritableStream {
  readonly columns: number;
}

/** One line that says what is being done now and for how long, until it is disposed of. */
export interface ProgressLine extends Disposable {
  say(text: string): void;
}

const FRAMES = ["|", "/", "-", "\\"];
const FRAME_MS = 120;

/**
 * Shows a progress line. It leaves the keyboard alone, so that Ctrl-C stays a signal, which aborts the work: the spinner of
 * `@clack/prompts` takes the key instead and ends the process at once with exit code 0.
 */
export function openProgressLine(terminal: ProgressTerminal, first: string): ProgressLine {
  const startedMs = performance.now();
  let text = first;
  let frame = 0;
  const clear = () => {
    cursorTo(terminal, 0);
    clearLine(terminal, 0);
  };
  const draw = () => {
    const seconds = `[${Math.floor((performance.now() - startedMs) / 1_000)}s]`;
    clear();
    // A line that reaches the last column cannot be cleared as one.
    const room = Math.max(0, (terminal.columns || 80) - seconds.length - 5);
    terminal.write(`${FRAMES[frame++ % FRAMES.length]} ${cut(text, room)} ${seconds}`);
  };
  draw();
  const timer = setInterval(draw, FRAME_MS);
  return {
    say(more) {
      text = more;
      draw();
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      clear();
    },
  };
}

/** Returns as much of a text as the columns have room for. */
function cut(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let shown = "";
  for (const character of text) {
    if (stringWidth(`${shown}${character}…`) > columns) break;
    shown += character;
  }
  return `${shown}…`;
}
