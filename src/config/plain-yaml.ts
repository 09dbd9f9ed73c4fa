// The YAML that most Compose files are written in, read in a tenth of the time that the library takes: 100 services cost it
// 200 ms in a cold process, three times a whole `node -e 0`. Whatever is not certain here, mistakes too, is left to the
// library: `undefined`. The tests hold both against each other.

import { TextLines } from "./text-lines.ts";

class Uncertain extends Error {}

const uncertain = (): never => {
  throw new Uncertain();
};

type Value = unknown;
type Fields = Record<string, Value>;

/** The value of a document, whole or in pieces, or undefined where only the library knows it. */
export function plainYaml(text: string | Iterable<string>): Fields | undefined {
  try {
    const lines = new TextLines(withoutOddities(typeof text === "string" ? [text] : text));
    lines.next();
    if (lines.indent < 0) return undefined;
    const value = new Reader(lines).map(lines.indent);
    return lines.indent < 0 ? value : undefined;
  } catch (error) {
    if (error instanceof Uncertain) return undefined;
    throw error;
  }
}

/** Tabs, and lines that end in other ways. */
function* withoutOddities(pieces: Iterable<string>) {
  for (const piece of pieces) yield /[\t\r\u0085\u2028\u2029\ufeff]/.test(piece) ? uncertain() : piece;
}

/** A key, quoted or of safe characters, its colon, and the rest of the line. */
const ENTRY = /^(?:([A-Za-z0-9_./$-][A-Za-z0-9_./$ -]*)|"([^"\\]*)"|'([^']*)'|(<<)):(?: +(.*))?$/;
const ANCHOR = /^&([A-Za-z0-9_-]+)(?: +(.*))?$/;
const ALIAS = /^\*([A-Za-z0-9_-]+)$/;
/** Documents and directives. */
const NO_ENTRY = /^(?:---|\.\.\.|%)/;
/** Longer ones are hardly met twice. */
const WORD_LONGEST = 32;

class Reader {
  private readonly lines: TextLines;
  private readonly anchors = new Map<string, Value>();
  /** Met before, and good: in a long text most are. */
  private readonly keys = new Set<string>();
  private readonly words = new Map<string, Value>();

  constructor(lines: TextLines) {
    this.lines = lines;
  }

  map(indent: number): Fields {
    const { lines } = this;
    const result: Fields = {};
    const merged: Fields[] = [];
    while (lines.indent === indent) {
      const { text } = lines;
      let key = this.knownKey(text);
      let rest = text.slice((key?.length ?? 0) + 1);
      let isMerge = false;
      if (key === undefined) {
        const [, plain, double, single, merge, after = ""] = ENTRY.exec(text) ?? uncertain();
        key = plain ?? double ?? single ?? "";
        if (/ $|^(?:-$|- )|^__proto__$/.test(key) || NO_ENTRY.test(text)) uncertain();
        if (plain !== undefined && typeof scalar(plain) !== "string") uncertain();
        if (plain !== undefined) this.keys.add(key);
        rest = after;
        isMerge = merge !== undefined;
      }
      lines.next();
      const value = this.value(rest, indent, true);
      if (isMerge) merged.push(...mapsOf(value));
      else if (Object.hasOwn(result, key)) uncertain();
      else result[key] = value;
    }
    if (lines.indent > indent) uncertain();
    // What is stated wins over what is merged, the first merged over the next.
    for (const map of merged)
      for (const [key, value] of Object.entries(map)) if (!Object.hasOwn(result, key)) result[key] = value;
    return result;
  }

  private knownKey(text: string): string | undefined {
    const colon = text.indexOf(":");
    if (colon < 0 || (colon + 1 < text.length && text[colon + 1] !== " ")) return undefined;
    const key = text.slice(0, colon);
    return this.keys.has(key) ? key : undefined;
  }

  /** What stands after a colon or a dash, and in the lines below that belong to it. */
  private value(stated: string, indent: number, inMap: boolean): Value {
    const { lines } = this;
    const text = withoutComment(stated);
    if (text[0] === "&") {
      const [, name = "", rest = ""] = ANCHOR.exec(text) ?? uncertain();
      if (/^[&*]/.test(rest)) uncertain();
      const value = this.value(rest, indent, inMap);
      this.anchors.set(name, value);
      return value;
    }
    // Deeper lines would go on with this one.
    if (text !== "") return lines.indent > indent ? uncertain() : this.inline(text);
    if (lines.indent < indent) return null;
    const isList = /^-(?: |$)/.test(lines.text);
    if (lines.indent === indent) return isList && inMap ? this.list(indent) : null;
    return isList ? this.list(lines.indent) : this.map(lines.indent);
  }

  private list(indent: number): Value[] {
    const { lines } = this;
    const items: Value[] = [];
    while (lines.indent === indent && /^-(?: |$)/.test(lines.text)) {
      const inner = withoutIndent(lines.text.slice(1));
      if (this.knownKey(inner) !== undefined || ENTRY.test(inner)) {
        // A map that begins behind its dash: its other keys stand below its first.
        lines.indent += lines.text.length - inner.length;
        lines.text = inner;
        items.push(this.map(lines.indent));
      } else {
        if (/^-(?: |$)/.test(inner)) uncertain();
        lines.next();
        items.push(this.value(inner, indent, false));
      }
    }
    if (lines.indent > indent) uncertain();
    // As long as it is: one that grows keeps room for sixteen more.
    return items.slice();
  }

  /** A value on one line: a scalar, an alias, or something between brackets. */
  private inline(text: string): Value {
    if (text[0] === "*") {
      const alias = ALIAS.exec(text)?.[1] ?? uncertain();
      return this.anchors.has(alias) ? this.anchors.get(alias) : uncertain();
    }
    if (text[0] !== "[" && text[0] !== "{") return this.word(text);
    const [value, end] = this.flow(text, 0);
    return end === text.length ? value : uncertain();
  }

  private word(text: string): Value {
    const known = this.words.get(text);
    if (known !== undefined) return known;
    const own = ownText(text);
    const value = scalar(own);
    if (own.length <= WORD_LONGEST) this.words.set(own, value);
    return value;
  }

  private flow(text: string, from: number): [Value, number] {
    const open = text[from];
    if (open !== "[" && open !== "{") {
      const [token = ""] =
        /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:[^,[\]{}:#"']|:(?=[^ ,[\]{}]))+)/.exec(text.slice(from)) ??
        uncertain();
      const word = token.trimEnd();
      return [ALIAS.test(word) ? this.inline(word) : this.word(word), from + token.length];
    }
    const items: Value[] = [];
    const map: Fields = {};
    const close = open === "[" ? "]" : "}";
    const skip = (i: number) => i + (/^ */.exec(text.slice(i))?.[0].length ?? 0);
    let i = skip(from + 1);
    while (text[i] !== close) {
      const [value, end] = this.flow(text, i);
      i = skip(end);
      if (open === "{") {
        if (
          typeof value !== "string" ||
          text[i] !== ":" ||
          Object.hasOwn(map, value) ||
          /^(?:<<|__proto__)$/.test(value)
        )
          uncertain();
        const start = skip(i + 1);
        const [item, after] = /[,}]/.test(text[start] ?? "") ? [null, start] : this.flow(text, start);
        map[String(value)] = item;
        i = skip(after);
      } else items.push(value);
      if (text[i] === ",") i = skip(i + 1);
      else if (text[i] !== close) uncertain();
    }
    return [open === "[" ? items : map, i + 1];
  }
}

const mapsOf = (value: Value): Fields[] =>
  (Array.isArray(value) ? value : [value]).map((one) =>
    typeof one === "object" && one !== null && !Array.isArray(one) ? (one as Fields) : uncertain(),
  );

/** Outside quotes; a quote that stands inside a plain word begins nothing. */
function withoutComment(stated: string): string {
  const text = withoutIndent(stated);
  if (!text.includes("#")) return withoutEnd(text);
  if (text.startsWith("#")) return "";
  if (/["']/.test(text) && !/^[^"']*$|^"(?:[^"\\]|\\.)*" *$|^'(?:[^']|'')*' *$/.test(text)) return uncertain();
  return /^["']/.test(text) ? withoutEnd(text) : withoutEnd(text.replace(/ +#.*$/, ""));
}

/** Without the spaces before it. */
function withoutIndent(text: string): string {
  let from = 0;
  while (text[from] === " ") from++;
  return from === 0 ? text : text.slice(from);
}

/** Without the spaces behind it. */
function withoutEnd(text: string): string {
  let to = text.length;
  while (text[to - 1] === " ") to--;
  return text.slice(0, to);
}

/** A longer piece of a text keeps the whole of it in memory; this one is a text of its own. */
const ownText = (text: string): string => (text.length < 13 ? text : (JSON.parse(JSON.stringify(text)) as string));

function scalar(text: string): Value {
  if (text.startsWith('"')) return quoted(text);
  if (text.startsWith("'"))
    return /^'(?:[^']|'')*'$/.test(text) ? text.slice(1, -1).replaceAll("''", "'") : uncertain();
  if (/^(?:~|null|Null|NULL)?$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^[-+]?\d+(?:\.\d*)?$/.test(text)) return Number(text);
  // Other numbers; signs that mean something at the start; a colon or a comment inside.
  if (/^[-+.]?\d*[.]?\d*(?:[eE][-+]?\d+)?$|^0[ox]|^[-+]?\.(?:inf|nan)/i.test(text)) return uncertain();
  if (/^[-?:,[\]{}#&*!|>%@`]|: |:$| #/.test(text)) {
    if (!/^[-?:][^ ]/.test(text) || /: |:$| #/.test(text)) return uncertain();
  }
  return text;
}

function quoted(text: string): string {
  if (!/^"(?:[^"\\]|\\["\\/bfnrt])*"$/.test(text)) return uncertain();
  return JSON.parse(text) as string;
}
