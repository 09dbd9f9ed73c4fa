import { type Alias, type Document, isMap, isNode, isScalar, LineCounter, Scalar, visit, type YAMLError } from "yaml";
import { CodedError } from "../base/errors.ts";
import { MAX_ALIASES, nestedAlias, parseBounded, TOO_MANY_ALIASES } from "./yaml-limits.ts";

export type YamlMap = Readonly<Record<string, unknown>>;

export const asMap = (value: unknown): YamlMap =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Tagged)
    ? (value as YamlMap)
    : {};

/** A value under `!override`, or undefined for `!reset`: Compose drops what earlier files say there. */
export class Tagged<T = unknown> {
  readonly value: T | undefined;
  constructor(value: T | undefined) {
    this.value = value;
  }
}

/** Returns the documents of a Compose file as plain data, their anchors and merge keys resolved. */
export function parseComposeYaml(path: string, text: string): YamlMap[] {
  const lines = new LineCounter();
  const tooDeep = (line: number, why: string) => unreadable(`${path}:${line}`, why);
  const documents = parseBounded(text, lines, tooDeep, { logLevel: "error" });
  const tagged = /!(?:reset|override)\b/.test(text);
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw broken(path, text, error, lines);
    refuseOddImages(path, document, lines);
    if (tagged) {
      visit(document, {
        Node(_, node) {
          if (node.tag !== "!reset" && node.tag !== "!override") return undefined;
          return new Scalar(new Tagged(node.tag === "!reset" ? undefined : isNode(node) && node.toJS(document)));
        },
      });
    }
    try {
      const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
      if (value === null || isMap(document.contents)) return asMap(value);
    } catch (cause) {
      throw lostAlias(path, document, lines, cause);
    }
    throw unreadable(path, "it must be a map with services");
  });
}

/** The longest name of a repository (255) with a tag (128) or a digest. */
const LONGEST_IMAGE = 400;

/** Refuses, as the engine does, an image that can have no such name; one with a variable is known only to Compose. */
function refuseOddImages(path: string, document: Document, lines: LineCounter): void {
  const services: unknown = document.get("services");
  if (!isMap(services)) return;
  for (const { key, value } of services.items) {
    const image: unknown = isMap(value) ? value.get("image", true) : undefined;
    if (!isScalar(image) || typeof image.value !== "string") continue;
    const what = imageProblem(image.value);
    if (what === undefined) continue;
    const { line, col } = lines.linePos(image.range?.[0] ?? 0);
    throw unreadable(`${path}:${line}:${col}`, `the image of service ${String(key)} ${what}`);
  }
}

function imageProblem(image: string): string | undefined {
  if (image.trim() === "") return "has no name";
  if (/\$(?![A-Za-z_{$])/.test(image)) return "has a $ that begins no variable; write $$ for one";
  if (image.includes("$")) return undefined;
  if (/[\s\p{Cc}]/u.test(image)) return "has a blank in its name";
  return image.length > LONGEST_IMAGE || /^[^@:]{256,}/.test(image)
    ? "has a name of more than 255 characters"
    : undefined;
}

/** Returns the error for an alias without an anchor, with its line: the yaml package throws one without. */
function lostAlias(path: string, document: Document, lines: LineCounter, cause: unknown): CodedError {
  let lost: Alias | undefined;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined;
      lost = alias;
      return visit.BREAK;
    },
  });
  const nested = lost === undefined ? nestedAlias(document) : undefined;
  if (nested !== undefined) {
    const { line, col } = lines.linePos(nested.range?.[0] ?? 0);
    return unreadable(`${path}:${line}:${col}`, TOO_MANY_ALIASES, { cause });
  }
  if (lost === undefined) return unreadable(path, cause instanceof Error ? cause.message : String(cause), { cause });
  const { line, col } = lines.linePos(lost.range?.[0] ?? 0);
  return unreadable(`${path}:${line}:${col}`, `no anchor &${lost.source} stands before *${lost.source}`, { cause });
}

function broken(path: string, text: string, error: YAMLError, lines: LineCounter): CodedError {
  const { line, col } = lines.linePos(error.pos[0]);
  const shown = text.split(/\r?\n/)[line - 1]?.trim() ?? "";
  const problems = shown === "" ? [] : [`line ${line}: ${shown.slice(0, 120)}`];
  return unreadable(`${path}:${line}:${col}`, error.message.replaceAll("\n", " "), { problems, cause: error });
}

export const unreadable = (
  where: string,
  why: string,
  more: { problems?: string[]; cause?: unknown } = {},
): CodedError =>
  new CodedError("GC1103", `${where} cannot be read: ${why}`, {
    ...more,
    remedy: `Check it with: docker compose -f ${where.replace(/:\d+(:\d+)?$/, "")} config`,
  });
