/** The values that Compose fills in for variables: .env, overridden by the shell's environment. */
export type Variables = Readonly<Record<string, string | undefined>>;

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const BRACED = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?)([-+?])(.*))?$/s;

/** Returns the text with its variables filled in. A missing one is empty, also where Compose would refuse that. */
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

/** Returns the index of the brace that closes the one before `from`; others may be nested in it. */
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

/** Escapes `$`, which begins a variable in a Compose file. */
export const escaped = <T extends string | undefined>(text: T): T => text?.replaceAll("$", "$$$$") as T;
