import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** The pages that a user reads, by path. */
export const PAGES = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md"),
);

export const textOfPage = (page: string): string => readFileSync(join(root, page), "utf8");

/**
 * Returns the command lines of a page, each once, without comments and without `npx `: every line of a shell block, and
 * what stands in the text as a whole line, such as `docker compose up`. Names alone (`docker compose`), lines with a
 * hole (`docker exec … psql`) and usages (`user [options]`) are no command lines.
 */
export function linesOfPage(text: string): string[] {
  const inBlocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
    block.replaceAll("\\\n", " ").split("\n"),
  );
  const inText = [...text.replaceAll(/```[\s\S]*?```/g, "").matchAll(/`([^`]+)`/g)]
    .map(([, words = ""]) => words.replaceAll(/\s+/g, " "))
    .filter((words) =>
      /^(?:(?:npx )?glitchtip-compose|docker(?: compose)?|npm(?: run)?|npx vitest) [^\s[<]/.test(words),
    )
    .filter((words) => !/^docker (?:compose|(?:(?:network|volume) )?\w+)$| \[/.test(words));
  const lines = [...inBlocks, ...inText]
    .map((line) =>
      line
        .replace(/(?:^|\s)#.*$/, "")
        .replaceAll(/\s+/g, " ")
        .trim(),
    )
    .map((line) => line.replaceAll("npx glitchtip-compose ", "glitchtip-compose "))
    .filter((line) => line !== "");
  return [...new Set(lines)];
}

/** Splits as a shell does, as far as the pages need it. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"));

/** The commands whose first argument is an action. */
const WITH_ACTIONS =
  /^(?:alert|backup|care|compose|completion|export|import|mail|notify|organization|package|secrets|serve|user)$/;

/** Returns whether a test calls the line's command with its action and all of its options but --json; values may differ. */
export function runsLine(test: string, line: string): boolean {
  const [, rest] = /(?:^|\| |&& )(?:glitchtip-compose|docker compose|docker) (?:-C \S+ )?(.*)$/.exec(line) ?? [];
  if (rest === undefined) return false;
  const words = wordsOf(rest.replace(/ (?:[|<>]|&&) ?.*$/, ""));
  const names = words.slice(0, WITH_ACTIONS.test(words[0] ?? "") && /^[a-z]/.test(words[1] ?? "") ? 2 : 1);
  const options = words.filter((word) => /^--?(?!json)[a-z]/i.test(word)).map((word) => word.replace(/=.*/, ""));
  const inQuotes = `[([]\\s*(?:[\\w.]+, )?(?:"(?:--json|compose)",\\s*)?${names.map((word) => `"${word}"`).join(",\\s*")}`;
  // A test's own function that is named like the command.
  const asFunction = `\\b${names.at(-1)}\\(`;
  const calls = test.matchAll(new RegExp(`(?:${inQuotes}|${asFunction})([^;]{0,300})`, "g"));
  return [...calls].some(([, after = ""]) => options.every((option) => after.includes(`"${option}`)));
}
