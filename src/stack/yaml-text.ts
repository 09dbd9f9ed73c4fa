// Writes plain data as YAML in the layout of the managed files: short lists and maps on one line, texts quoted only where
// YAML 1.1 or 1.2 needs it. The tests read what is written with the yaml package.

/** An alias, written as `*name`; under the key `<<` YAML merges the keys of its map. */
export class YamlAlias {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const LONGEST_LIST = 100;
const LONGEST_MAP = 70;
/** Texts that need no quotes, also in a list on one line: words, paths, references, and sizes such as 512m. */
const PLAIN = /^(?:[A-Za-z_./-][A-Za-z0-9_./:@+=-]*|\d+[a-z]{1,2})$/;
/** Words that YAML 1.1 or 1.2 would not read as a text. */
const NOT_TEXT = /^(?:[-.]+(?:\d.*|inf|nan)?|y|n|yes|no|on|off|true|false|null|.*:)$/i;

function scalar(value: unknown): string {
  if (value instanceof YamlAlias) return `*${value.name}`;
  if (typeof value !== "string") return String(value);
  return PLAIN.test(value) && !NOT_TEXT.test(value) ? value : JSON.stringify(value);
}

const isMap = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof YamlAlias);

const entriesOf = (map: { readonly [key: string]: unknown }) =>
  Object.entries(map).filter(([, value]) => value !== undefined);

const isEmpty = (value: unknown) => isMap(value) && entriesOf(value).length === 0;

/** Returns the value on one line, or undefined where it is too long or nested. */
function inline(value: unknown): string | undefined {
  if (typeof value === "string" && isBlock(value)) return undefined;
  if (Array.isArray(value)) {
    if (!value.every((item) => typeof item !== "object")) return undefined;
    const line = `[${value.map(scalar).join(", ")}]`;
    return line.length <= LONGEST_LIST ? line : undefined;
  }
  if (!isMap(value)) return scalar(value);
  const entries = entriesOf(value);
  if (isEmpty(value)) return "{}";
  if (!entries.every(([, item]) => typeof item !== "object" && !isBlock(item))) return undefined;
  const line = `{ ${entries.map(([key, item]) => `${scalar(key)}: ${scalar(item)}`).join(", ")} }`;
  return line.length <= LONGEST_MAP ? line : undefined;
}

/** Whether a text can be written as a block of lines; others are quoted. */
const isBlock = (value: unknown): value is string =>
  typeof value === "string" &&
  /\n/.test(value) &&
  /^[^\s]/.test(value) &&
  !/[^\P{C}\n\t]|[\u2028\u2029\ufeff]/u.test(value);

/** Returns the lines of `key: value`. `open` keeps a map from being written on one line. */
export function yamlLines(key: string, value: unknown, { indent = "", anchor = "", open = false } = {}): string[] {
  const start = `${indent}${key === "<<" && value instanceof YamlAlias ? key : scalar(key)}:${anchor === "" ? "" : ` &${anchor}`}`;
  const line = open && !isEmpty(value) ? undefined : inline(value);
  if (line !== undefined) return [`${start} ${line}`];
  if (isBlock(value)) {
    const chomping = !value.endsWith("\n") ? "-" : value.endsWith("\n\n") ? "+" : "";
    const lines = value.replace(/\n$/, "").split("\n");
    return [`${start} |${chomping}`, ...lines.map((text) => (text === "" ? "" : `${indent}  ${text}`))];
  }
  const deeper = `${indent}  `;
  if (Array.isArray(value)) return [start, ...value.flatMap((item) => itemLines(item, deeper))];
  const entries = isMap(value) ? entriesOf(value) : [];
  return [start, ...entries.flatMap(([name, item]) => yamlLines(name, item, { indent: deeper }))];
}

function itemLines(item: unknown, indent: string): string[] {
  if (!isMap(item)) return [`${indent}- ${scalar(item)}`];
  if (isEmpty(item)) return [`${indent}- {}`];
  const lines = entriesOf(item).flatMap(([key, value]) => yamlLines(key, value, { indent: `${indent}  ` }));
  return lines.map((line, i) => (i === 0 ? `${indent}- ${line.slice(indent.length + 2)}` : line));
}
