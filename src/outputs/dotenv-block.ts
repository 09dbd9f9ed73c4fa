// The lines of an app in a dotenv file of the user's stand between two comments, so that they can be found again. They go
// to the end, where they win over an earlier line with the same name, and taking them out leaves every other byte.

const MARK = "# glitchtip-compose";
/** Notes that the user's last line had no end, which had to be added. */
const END_ADDED = "; no end of line before";

const startOf = (app: string): string => `${MARK}: the DSN of ${app}, kept up to date by up and provision`;
const endOf = (app: string): string => `${MARK}: end of ${app}`;

/** Matches the app's block, also where its last comment is gone. */
function blockOf(app: string): RegExp {
  const name = app.replaceAll(".", "\\.");
  const start = `${MARK}: the DSN of ${name},[^\\n]*\\n`;
  return new RegExp(`(?<=^|\\n)${start}(?:[^\\n#]+\\n)*(?:${MARK}: end of ${name}(?![\\w.-])[^\\n]*(?:\\n|$))?`);
}

/** Returns the text with these lines for an app, in the place of those that it has. `lines` end with a newline each. */
export function withDotenvBlock(text: string, app: string, lines: string): string {
  const before = blockOf(app).exec(text);
  const hasNoEnd = text !== "" && !text.endsWith("\n");
  const isNoted = before === null ? hasNoEnd : before[0].includes(END_ADDED);
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const block = [`${startOf(app)}${isNoted ? END_ADDED : ""}`, ...lines.trimEnd().split("\n"), endOf(app), ""].join(
    eol,
  );
  if (before === null) return `${text}${hasNoEnd ? eol : ""}${block}`;
  return text.slice(0, before.index) + block + text.slice(before.index + before[0].length);
}

/** Returns the text without the app's lines, as it was before they came. */
export function withoutDotenvBlock(text: string, app: string): string {
  const found = blockOf(app).exec(text);
  if (found === null) return text;
  const before = text.slice(0, found.index);
  const isLast = found.index + found[0].length === text.length;
  const kept = found[0].includes(END_ADDED) && isLast ? before.replace(/\r?\n$/, "") : before;
  return kept + text.slice(found.index + found[0].length);
}

/** Returns a variable's value in the app's lines, or undefined. */
export function dotenvBlockValue(text: string, app: string, variable: string): string | undefined {
  const lines = blockOf(app).exec(text)?.[0].split(/\r?\n/) ?? [];
  const line = lines.find((one) => one.startsWith(`${variable}='`) && one.endsWith("'"));
  return line?.slice(variable.length + 2, -1);
}
