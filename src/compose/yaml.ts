import {
  type Alias,
  type Document,
  isMap,
  isNode,
  LineCounter,
  parseAllDocuments,
  Scalar,
  visit,
  type YAMLError,
} from "yaml";
import { CodedError } from "../base/errors.ts";

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
  const documents = parseAllDocuments(text, {
    merge: true,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "error",
  });
  if (!Array.isArray(documents)) return [];
  const tagged = /!(?:reset|override)\b/.test(text);
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw broken(path, text, error, lines);
    if (tagged) {
      visit(document, {
        Node(_, node) {
          if (node.tag !== "!reset" && node.tag !== "!override") return undefined;
          return new Scalar(new Tagged(node.tag === "!reset" ? undefined : isNode(node) && node.toJS(document)));
        },
      });
    }
    try {
      // The file is the user's own, so many services that share an anchor are no attack.
      const value: unknown = document.toJS({ maxAliasCount: -1 });
      if (value === null || isMap(document.contents)) return asMap(value);
    } catch (cause) {
      throw lostAlias(path, document, lines, cause);
    }
    throw unreadable(path, "it must be a map with services");
  });
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
    remedy: `Check it with: docker compose -f ${where.replace(/:\d+:\d+$/, "")} config`,
  });
