/** What Compose puts in for variables: .env with the shell's environment above it. */
export type Variables = Readonly<Record<string, string | undefined>>;

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const BRACED = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?)([-+?])(.*))?$/s;

/** A text with its variables filled in. A missing one is empty, also where Compose would insist on it. */
export function interpolate(text: string, variables: Variables): string {
  if (!text.includes("$")) return text;
  let result = "";
  for (let i = 0; i < text.length; ) {
    const next = text[i + 1];
    if (text[i] !== "$") {
      result += text[i++];
    } else if (next === "$") {
      result += "$";
      i += 2;
    } else if (next === "{") {
      const end = closing(text, i + 2);
      result += braced(text.slice(i + 2, end), variables);
      i = end + 1;
    } else {
      NAME.lastIndex = i + 1;
      const name = NAME.exec(text)?.[0];
      result += name === undefined ? "$" : (variables[name] ?? "");
      i += 1 + (name?.length ?? 0);
    }
  }
  return result;
}

/** Where the brace that was opened before `from` is closed; others may be nested in it. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let i = from; i < text.length; i++) {
    if (text[i] === "$" && text[i + 1] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return i;
  }
  return text.length;
}

function braced(body: string, variables: Variables): string {
  const [, name = "", colon, operator, rest = ""] = BRACED.exec(body) ?? [];
  const value = variables[name];
  const has = value !== undefined && (colon !== ":" || value !== "");
  if (operator === "-") return has ? value : interpolate(rest, variables);
  if (operator === "+") return has ? interpolate(rest, variables) : "";
  return value ?? "";
}

/** For Compose, which reads `$` as the start of a variable. */
export const escaped = <T extends string | undefined>(text: T): T => text?.replaceAll("$", "$$$$") as T;
