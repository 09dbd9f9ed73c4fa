import {
  type Alias,
  Composer,
  type Document,
  type DocumentOptions,
  Lexer,
  type LineCounter,
  type ParseOptions,
  Parser,
  visit,
} from "yaml";

/** How far aliases may expand a file. A stack of thousands of services that share an anchor stays far below it. */
export const MAX_ALIASES = 100_000;

/** Recursive code overflows its stack at some thousand levels. */
const MAX_DEPTH = 500;
const TOO_DEEP = `it nests more deeply than ${MAX_DEPTH} levels`;

/**
 * Returns the documents of a YAML text, as `parseAllDocuments` does; with `forceDocument` also one for an empty text. Throws
 * what `tooDeep` makes of the line where the text nests more deeply than 500 levels. The parser itself takes no recursion,
 * and composes a document when it has read it whole.
 */
export function parseBounded(
  text: string,
  lines: LineCounter,
  tooDeep: (line: number, why: string) => Error,
  { forceDocument = false, ...options }: BoundedOptions = {},
): Document.Parsed[] {
  const parser = new Parser(lines.addNewLine);
  function* tokens() {
    lines.addNewLine(0);
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme);
      if (parser.stack.length > MAX_DEPTH) throw tooDeep(lines.linePos(parser.offset).line, TOO_DEEP);
    }
    yield* parser.end();
  }
  const composer = new Composer({ merge: true, prettyErrors: false, ...options });
  return [...composer.compose(tokens(), forceDocument, text.length)];
}

interface BoundedOptions extends ParseOptions, DocumentOptions {
  readonly forceDocument?: boolean;
}

/** Returns the last alias that expands other aliases, which makes a short file endless; undefined where there is none. */
export function nestedAlias(document: Document): Alias | undefined {
  let found: Alias | undefined;
  visit(document, {
    Alias(_, alias) {
      const target = alias.resolve(document);
      if (target === undefined) return;
      visit(target, {
        Alias() {
          found = alias;
          return visit.BREAK;
        },
      });
    },
  });
  return found;
}

export const TOO_MANY_ALIASES = `its aliases expand to more than ${MAX_ALIASES} values`;
