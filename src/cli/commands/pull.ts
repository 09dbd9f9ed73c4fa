import { didYouMean } from "../../base/did-you-mean.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import { MANAGEABLE } from "../../config/schema/servers.ts";
import {
  type DeclaredServer,
  KIND_OF,
  type PullResult,
  placeOf,
  pullNew,
  pull as pullServers,
} from "../../management/index.ts";
import { DECLARATION_FILE, noteDeclaration, planParts } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { type NewFileFlags, newFileFlags, newServer } from "../pull-new.ts";
import { withProgress } from "../screen.ts";
import { printable, problemLine } from "../server-changes.ts";
import { openDeclared, type ServerFlags, serverFlags } from "../server-part.ts";

interface Flags extends ServerFlags, NewFileFlags {
  readonly all?: boolean;
  readonly kind: readonly string[];
  readonly secrets: string;
  readonly dryRun?: boolean;
}

/** What the servers have becomes the declaration. */
export default {
  flags: (command) =>
    serverFlags(
      newFileFlags(command)
        .option(
          "--kind <kind>",
          `also these where nothing of them is declared, with --url only these; may be repeated: ${MANAGEABLE.join(", ")}`,
          (kind: string, before: string[]) => [...before, kind],
          [],
        )
        .option("--all", "all kinds: the whole of each server")
        .option("--secrets <where>", "what becomes of secrets that are found: file (.glitchtip/secrets) or env", "file")
        .option("--dry-run", "write nothing; print the declaration; exit code 3 if it would change"),
    ),
  async run(context, flags) {
    const { dryRun = false } = flags;
    const result = await withProgress(context, "reading what the servers hold", () => pulled(context, flags));
    const { left, problems, secrets, files } = result;
    for (const { reference, of } of secrets) {
      context.log.info(flags.secrets === "env" ? `to be set: ${reference} = ${of}` : `secret: ${reference} = ${of}`);
    }
    for (const one of left) context.log.info(`left out: ${printable(`${placeOf(one)}: ${one.message}`)}`);
    for (const problem of problems) context.log.info(problemLine(problem));
    if (context.json)
      context.print(JSON.stringify({ status: problems.length === 0 ? "success" : "failed", ...result }));
    else if (files.length > 0)
      context.print(dryRun ? files.map(({ text }) => text).join("---\n") : summary(result, flags));
    if (files.length === 0) context.log.info(`${flags.file} is not written: not all could be read`);
    const isStacks = !dryRun && files.some(isOfStack(context.dir));
    if (isStacks && !(await noteDeclaration(context))) context.log.info("next: glitchtip-compose render");
    const wouldChange = dryRun && files.some(({ changed }) => changed);
    context.setExitCode(problems.length > 0 ? EXIT.failed : wouldChange ? EXIT.changes : EXIT.done);
  },
} satisfies CliCommand<Flags>;

function pulled(context: CliContext, flags: Flags): Promise<PullResult> {
  const { file, instance, all, dryRun = false } = flags;
  const { words, secrets } = checked(flags);
  const open = (declared: readonly DeclaredServer[]) => openDeclared(context, declared);
  const of = newServer(flags);
  if (of !== undefined) return pullNew(context.dir, { ...of, file, kinds: all ? [] : words, secrets, dryRun }, open);
  const kinds = (all ? MANAGEABLE : words).map((word) => KIND_OF[word]);
  return pullServers(context.dir, { file, instance, kinds, secrets, dryRun }, open);
}

function checked({ kind, secrets }: Flags) {
  const problems: string[] = [];
  const words = kind.flatMap((word) => {
    const found = MANAGEABLE.find((one) => one === word);
    if (found === undefined)
      problems.push(`--kind ${word}: one of ${MANAGEABLE.join(", ")}${didYouMean(word, MANAGEABLE)}`);
    return found === undefined ? [] : [found];
  });
  const into = (["file", "env"] as const).find((one) => one === secrets);
  if (into === undefined) problems.push(`--secrets ${secrets}: file or env`);
  if (into === undefined || problems.length > 0)
    throw new CodedError("GC1001", "flags that cannot be used:", { problems });
  return { words, secrets: into };
}

/** Its managed files follow the declaration. */
const isOfStack =
  (dir: string) =>
  ({ file, changed }: PullResult["files"][number]): boolean =>
    changed && file === DECLARATION_FILE && planParts(dir).files;

function summary({ changes, files }: PullResult, { url }: Flags): string {
  if (url !== undefined) {
    return `wrote ${files.map(({ file }) => file).join(", ")}: ${howMany(changes)}\nnext: glitchtip-compose plan`;
  }
  const lines = changes.map(({ how, ...one }) => printable(`${how} ${placeOf(one)}: ${one.message}`));
  const said = files.map(({ file, changed }) => (changed ? `changed ${file}` : `${file} says all of it already`));
  return [...lines, ...said].join("\n");
}

/** "2 projects, 1 alert": by the word before each name. */
function howMany(changes: PullResult["changes"]): string {
  const counts = new Map<string, number>();
  for (const { message } of changes) {
    const [word = ""] = message.split(' "', 1);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, n]) => `${n} ${word}${n === 1 ? "" : "s"}`).join(", ") || "nothing is in it yet";
}
