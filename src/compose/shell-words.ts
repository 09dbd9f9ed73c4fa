/** Outside quotes Compose's splitter stops at these characters or fails, and sh does something else again. */
const SPECIAL = new Set("`();&|<>");

/**
 * Splits a text into words as Compose does: blanks separate, quotes and backslashes protect, nothing is expanded. Returns
 * undefined where Compose's result is not certain: an open quote, a special character, `\t` and `\n` (their meaning has
 * changed between versions).
 */
export function shellWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  const characters = text[Symbol.iterator]();
  for (const c of characters) {
    if (c === "\\" && quote !== "'") {
      // Unlike in sh, also between double quotes the backslash goes before any character.
      const next = characters.next();
      if (next.done || next.value === "t" || next.value === "n") return undefined;
      word = `${word ?? ""}${next.value}`;
    } else if (c === quote) {
      quote = undefined;
    } else if (quote === undefined && (c === "'" || c === '"')) {
      quote = c;
      word ??= "";
    } else if (quote !== undefined || !(/[ \t\r\n]/.test(c) || SPECIAL.has(c))) {
      word = `${word ?? ""}${c}`;
    } else if (SPECIAL.has(c)) {
      return undefined;
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (quote !== undefined) return undefined;
  return word === undefined ? words : [...words, word];
}

/** Whether the text has variables, which Compose fills in before it splits, so that the words are not known yet. */
export const hasVariable = (text: string): boolean => /\$[A-Za-z_{]/.test(text.replaceAll("$$", ""));

/** Whether a quote is not closed: Compose refuses such a text. */
export const hasOpenQuote = (text: string): boolean => /['"]/.test(text.replace(/'[^']*'|"(?:\\.|[^"\\])*"|\\./gs, ""));

/** Quotes a word so that Compose's splitter gives it back. */
export const quotedWord = (word: string): string =>
  /^[A-Za-z0-9_/.,:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
