// The YAML that most Compose files are written in, read in a tenth of the time that the library takes: 100 services cost it
// 200 ms in a cold process, three times a whole `node -e 0`. Whatever is not certain here, mistakes too, is left to the
// library: `undefined`. The tests hold both against each other.

class Uncertain extends Error {}

const uncertain = (): never => {
  throw new Uncertain();
};

interface Line {
  readonly indent: number;
  readonly text: string;
}

type Value = unknown;
type Fields = Record<string, Value>;

/** The value of a document, or undefined where only the library knows it. */
export function plainYaml(text: string): Fields | undefined {
  // Tabs, documents, tags, complex keys, block scalars and lines that end in other ways.
  if (/[\t\r\u0085\u2028\u2029\ufeff]|^(?:---|\.\.\.|%)/m.test(text)) return undefined;
  try {
    const lines: Line[] = [];
    for (const line of text.split("\n")) {
      const indent = line.search(/[^ ]/);
      if (indent >= 0 && line[indent] !== "#") lines.push({ indent, text: line.slice(indent) });
    }
    if (lines.length === 0) return undefined;
    const reader = new Reader(lines);
    const value = reader.map(lines[0]?.indent ?? 0);
    return reader.at === lines.length ? value : undefined;
  } catch (error) {
    if (error instanceof Uncertain) return undefined;
    throw error;
  }
}

/** A key, quoted or of safe characters, its colon, and the rest of the line. */
const ENTRY = /^(?:([A-Za-z0-9_./$-][A-Za-z0-9_./$ -]*)|"([^"\\]*)"|'([^']*)'|(<<)):(?: +(.*))?$/;
const ANCHOR = /^&([A-Za-z0-9_-]+)(?: +(.*))?$/;
const ALIAS = /^\*([A-Za-z0-9_-]+)$/;

class Reader {
  readonly lines: readonly Line[];
  readonly anchors = new Map<string, Value>();
  at = 0;

  constructor(lines: readonly Line[]) {
    this.lines = lines;
  }

  map(indent: number): Fields {
    const result: Fields = {};
    const merged: Fields[] = [];
    for (let line = this.lines[this.at]; line !== undefined && line.indent === indent; line = this.lines[this.at]) {
      const [, plain, double, single, merge, rest = ""] = ENTRY.exec(line.text) ?? uncertain();
      const key = plain ?? double ?? single ?? "";
      if (/ $|^(?:-$|- )|^__proto__$/.test(key) || (plain !== undefined && typeof scalar(plain) !== "string"))
        uncertain();
      this.at++;
      const value = this.value(rest, indent, true);
      if (merge !== undefined) merged.push(...mapsOf(value));
      else if (Object.hasOwn(result, key)) uncertain();
      else result[key] = value;
    }
    if ((this.lines[this.at]?.indent ?? -1) > indent) uncertain();
    // What is stated wins over what is merged, the first merged over the next.
    for (const map of merged)
      for (const [key, value] of Object.entries(map)) if (!Object.hasOwn(result, key)) result[key] = value;
    return result;
  }

  /** What stands after a colon or a dash, and in the lines below that belong to it. */
  private value(stated: string, indent: number, inMap: boolean): Value {
    const text = withoutComment(stated);
    const anchor = ANCHOR.exec(text);
    if (anchor?.[1] !== undefined) {
      if (/^[&*]/.test(anchor[2] ?? "")) uncertain();
      const value = this.value(anchor[2] ?? "", indent, inMap);
      this.anchors.set(anchor[1], value);
      return value;
    }
    if (text !== "") {
      // Deeper lines would go on with this one.
      if ((this.lines[this.at]?.indent ?? -1) > indent) uncertain();
      return this.inline(text);
    }
    const next = this.lines[this.at];
    if (next === undefined || next.indent < indent) return null;
    const isList = next.text === "-" || next.text.startsWith("- ");
    if (next.indent === indent) return isList && inMap ? this.list(indent) : null;
    return isList ? this.list(next.indent) : this.map(next.indent);
  }

  private list(indent: number): Value[] {
    const items: Value[] = [];
    for (let line = this.lines[this.at]; line !== undefined && line.indent === indent; line = this.lines[this.at]) {
      const rest = line.text === "-" ? "" : line.text.startsWith("- ") ? line.text.slice(2) : undefined;
      if (rest === undefined) break;
      const inner = rest.trimStart();
      if (ENTRY.test(inner)) {
        // A map that begins behind its dash: its other keys stand below its first.
        const at = indent + line.text.length - inner.length;
        (this.lines as Line[])[this.at] = { indent: at, text: inner };
        items.push(this.map(at));
      } else {
        if (/^(?:-|- .*)$/.test(inner)) uncertain();
        this.at++;
        items.push(this.value(inner, indent, false));
      }
    }
    if ((this.lines[this.at]?.indent ?? -1) > indent) uncertain();
    return items;
  }

  /** A value on one line: a scalar, an alias, or something between brackets. */
  private inline(text: string): Value {
    const alias = ALIAS.exec(text)?.[1];
    if (alias !== undefined) return this.anchors.has(alias) ? this.anchors.get(alias) : uncertain();
    if (text[0] !== "[" && text[0] !== "{") return scalar(text);
    const [value, end] = this.flow(text, 0);
    return end === text.length ? value : uncertain();
  }

  private flow(text: string, from: number): [Value, number] {
    const open = text[from];
    if (open !== "[" && open !== "{") {
      const [token = ""] =
        /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:[^,[\]{}:#"']|:(?=[^ ,[\]{}]))+)/.exec(text.slice(from)) ??
        uncertain();
      const word = token.trimEnd();
      return [ALIAS.test(word) ? this.inline(word) : scalar(word), from + token.length];
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
function withoutComment(text: string): string {
  if (!text.includes("#")) return text.trimEnd();
  if (text.startsWith("#")) return "";
  if (/["']/.test(text) && !/^[^"']*$|^"(?:[^"\\]|\\.)*" *$|^'(?:[^']|'')*' *$/.test(text)) return uncertain();
  return /^["']/.test(text) ? text.trimEnd() : text.replace(/ +#.*$/, "").trimEnd();
}

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
