import { stdout } from "node:process";
import type { WriteStream } from "node:tty";

/** A command line that people copy, or a word. */
const UNITS = /( *)((?:npx glitchtip-compose|docker|sudo) .*?(?:[,;:.)]+(?=\s|$)|(?=\s\()|$)|\S+)/g;
const COLOUR = /\u001b\[\d+m/g;
const NARROWEST = 40;
const HANG = 2;

/**
 * Returns the text with its lines broken at blanks where they are wider than the terminal. What follows is indented by
 * `hang` more blanks. A command line stays whole. Without `columns`, as for a file or a pipe, nothing is broken.
 */
export function wrapped(text: string, columns: number | undefined, hang = HANG): string {
  if (columns === undefined || columns < NARROWEST) return text;
  return text
    .split("\n")
    .map((line) => (widthOf(line) <= columns ? line : wrappedLine(line, columns, hang)))
    .join("\n");
}

const widthOf = (text: string): number => text.replaceAll(COLOUR, "").length;

function wrappedLine(line: string, columns: number, hang: number): string {
  const indent = (/^ */.exec(line)?.[0] ?? "") + " ".repeat(hang);
  const lines: string[] = [];
  let current = "";
  for (const [, blanks = "", unit = ""] of line.matchAll(UNITS)) {
    if (current !== "" && widthOf(current) + blanks.length + widthOf(unit) > columns) {
      lines.push(current);
      current = `${indent}${unit}`;
    } else current += blanks + unit;
  }
  return [...lines, current].join("\n");
}

/** The width of stdout or stderr; undefined where it is no terminal. */
export const columnsOf = ({ isTTY, columns }: WriteStream): number | undefined => (isTTY ? columns : undefined);

/** Returns prose for stdout, broken as `wrapped` does. */
export const wrappedForStdout = (text: string, hang = HANG): string => wrapped(text, columnsOf(stdout), hang);
