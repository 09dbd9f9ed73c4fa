/** C0 and C1 controls, DEL, Unicode's line separators, and marks that change the direction of what follows. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const UNSAFE_BUT_LINES = /(?![\t\n])[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const MAX_LENGTH = 2_000;

/**
 * Returns text from outside as one line that a terminal or a log can show: line breaks become spaces, other control
 * characters "?", which disarms escape sequences but leaves them readable. What is longer than `maxLength` is cut.
 */
export function cleanLine(text: string, maxLength = MAX_LENGTH): string {
  const line = text.replace(/[\t ]*[\r\n\v\f]+[\t ]*|\t/g, " ").replace(UNSAFE, "?");
  return line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line;
}

/** Cleans text of several lines in the same way, but keeps its line breaks and tabs, and its length. */
export const cleanText = (text: string): string => text.replaceAll("\r\n", "\n").replace(UNSAFE_BUT_LINES, "?");
