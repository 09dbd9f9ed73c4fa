import { type Alias, type Document, Lexer, Parser, visit } from "yaml";

/** How far aliases may expand a file. A stack of thousands of services that share an anchor stays far below it. */
export const MAX_ALIASES = 100_000;

/** Recursive code overflows its stack at some thousand levels. */
const MAX_DEPTH = 500;

/** Returns the offset where a YAML text nests more deeply than 500 levels, or undefined. Takes no recursion. */
export function tooDeepAt(text: string): number | undefined {
  const brackets = text.match(/[[{]/g)?.length ?? 0;
  if (brackets < MAX_DEPTH && !/^[ \t?-]{500}/m.test(text)) return undefined;
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) return parser.offset;
  }
  return undefined;
}

export const TOO_DEEP = `it nests more deeply than ${MAX_DEPTH} levels`;

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
