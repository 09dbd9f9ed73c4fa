// Writes plain data as YAML that is pleasant to read. By hand, because loading and warming up a YAML library costs
// `init` 25 ms of its 60; what is written is read by a library again in the tests.

/** `*name`; under the key `<<` the map's keys are merged in. */
export class YamlAlias {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const LONGEST_LIST = 100;
const LONGEST_MAP = 70;
/** Safe without quotes, also in a list on one line: words, paths, references, and sizes such as 512m. */
const PLAIN = /^(?:[A-Za-z_./-][A-Za-z0-9_./:@+=-]*|\d+[a-z]{1,2})$/;
/** What YAML, also 1.1, would not read as a text. */
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

/** On one line, or undefined where it is too long or would have to be nested too deep to read. */
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

/** A text of several lines that can stand as it is; others are quoted. */
const isBlock = (value: unknown): value is string =>
  typeof value === "string" &&
  /\n/.test(value) &&
  /^[^\s]/.test(value) &&
  !/[^\P{C}\n\t]|[\u2028\u2029\ufeff]/u.test(value);

/** The lines of `key: value` at this depth; a map that holds maps is never put on one line. */
export function yamlLines(key: string, value: unknown, { indent = "", anchor = "", open = false } = {}): string[] {
  const start = `${indent}${key === "<<" && value instanceof YamlAlias ? key : scalar(key)}:${anchor === "" ? "" : ` &${anchor}`}`;
  const line = open && !isEmpty(value) ? undefined : inline(value);
  if (line !== undefined) return [`${start} ${line}`];
  if (isBlock(value)) {
    const chomping = !value.endsWith("\n") ? "-" : value.endsWith("\n\n") ? "+" : "";
    const lines = value.replace(/\n$/, "").split("\n");
    return [`${start} |${chomping}`, ...lines.map((text) => (text === "" ? "" : `${indent}  ${text}`))];
  }
  if (Array.isArray(value)) return [start, ...value.flatMap((item) => itemLines(item, `${indent}  `))];
  return [
    start,
    ...entriesOf(value as object as Record<string, unknown>).flatMap(([name, item]) =>
      yamlLines(name, item, { indent: `${indent}  ` }),
    ),
  ];
}

function itemLines(item: unknown, indent: string): string[] {
  if (!isMap(item)) return [`${indent}- ${scalar(item)}`];
  if (isEmpty(item)) return [`${indent}- {}`];
  const lines = entriesOf(item).flatMap(([key, value]) => yamlLines(key, value, { indent: `${indent}  ` }));
  return lines.map((line, i) => (i === 0 ? `${indent}- ${line.slice(indent.length + 2)}` : line));
}
