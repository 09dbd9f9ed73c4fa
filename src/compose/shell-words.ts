/**
 * A part of a text: an escaped character, quoted text, blanks, or plain text. Plain text excludes backticks and ();&|<>,
 * at which Compose's splitter stops or fails, and which mean something else in sh.
 */
const PART =
  /\\(?<escaped>.)|'(?<single>[^']*)'|"(?<double>(?:\\.|[^"\\])*)"|(?<blanks>[ \t\r\n]+)|(?<plain>[^\\'"`();&|<> \t\r\n]+)/gsu;

/**
 * Splits a text into words as Compose does: blanks separate, quotes and backslashes protect, nothing is expanded. Returns
 * undefined where Compose's result is not certain: an open quote, a special character, `\t` and `\n` (their meaning has
 * changed between versions).
 */
export function shellWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let end = 0;
  for (const { index, 0: part, groups = {} } of text.matchAll(PART)) {
    // Unlike in sh, also between double quotes the backslash escapes any character.
    const escapes = groups.escaped ?? groups.double?.match(/\\./gsu)?.join("") ?? "";
    if (index !== end || /[tn]/.test(escapes)) return undefined;
    end += part.length;
    if (groups.blanks === undefined) {
      const plain = groups.escaped ?? groups.single ?? groups.double?.replace(/\\(.)/gsu, "$1") ?? groups.plain;
      word = `${word ?? ""}${plain}`;
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (end !== text.length) return undefined;
  return word === undefined ? words : [...words, word];
}

/** Whether the text has variables, which Compose fills in before it splits, so that the words are not known yet. */
export const hasVariable = (text: string): boolean => /\$[A-Za-z_{]/.test(text.replaceAll("$$", ""));

/** Whether a quote is not closed: Compose refuses such a text. */
export const hasOpenQuote = (text: string): boolean => /['"]/.test(text.replace(/'[^']*'|"(?:\\.|[^"\\])*"|\\./gs, ""));

/** Quotes a word so that Compose's splitter gives it back. */
export const quotedWord = (word: string): string =>
  /^[A-Za-z0-9_/.,:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
