import { didYouMean } from "../../base/did-you-mean.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import { MANAGEABLE } from "../../config/schema/inside/server.ts";
import { planParts } from "../../operations/plan-parts.ts";
import { DECLARATION_FILE } from "../../operations/project/read.ts";
import { KIND_OF, type PullResult, pull as pullServers } from "../../operations/reconcile/pull/index.ts";
import { placeOf } from "../../operations/reconcile/report.ts";
import { noteDeclaration } from "../../operations/render.ts";
import type { CliCommand } from "../command.ts";
import { withProgress } from "../screen.ts";
import { printable, problemLine } from "../server-changes.ts";
import { openDeclared, type ServerFlags, serverFlags } from "../server-part.ts";

interface Flags extends ServerFlags {
  readonly all?: boolean;
  readonly kind: readonly string[];
  readonly secrets: string;
  readonly dryRun?: boolean;
}

/** What the servers have becomes the declaration. */
export const pull: CliCommand<Flags> = {
  examples: [
    "glitchtip-compose pull",
    "glitchtip-compose pull --kind alerts --dry-run",
    "glitchtip-compose pull --all --instance prod",
  ],
  flags: (command) =>
    serverFlags(
      command
        .option(
          "--kind <kind>",
          `also these where nothing of them is declared; may be repeated: ${MANAGEABLE.join(", ")}`,
          (kind: string, before: string[]) => [...before, kind],
          [],
        )
        .option("--all", "all kinds: the whole of each server")
        .option("--secrets <where>", "what becomes of secrets that are found: file (.glitchtip/secrets) or env", "file")
        .option("--dry-run", "write nothing; print the declaration; exit code 3 if it would change"),
    ),
  async run(context, flags) {
    const { all = false, dryRun = false } = flags;
    const options = { ...flags, ...checked(flags), dryRun };
    if (all) options.kinds = MANAGEABLE.map((word) => KIND_OF[word]);
    const result = await withProgress(context, "reading what the servers hold", () =>
      pullServers(context.dir, options, (declared) => openDeclared(context, declared)),
    );
    const { left, problems, secrets, files } = result;
    for (const { reference, of } of secrets) {
      context.log.info(flags.secrets === "env" ? `to be set: ${reference} = ${of}` : `secret: ${reference} = ${of}`);
    }
    for (const one of left) context.log.info(`left out: ${printable(`${placeOf(one)}: ${one.message}`)}`);
    for (const problem of problems) context.log.info(problemLine(problem));
    if (context.json)
      context.print(JSON.stringify({ status: problems.length === 0 ? "success" : "failed", ...result }));
    else context.print(dryRun ? files.map(({ text }) => text).join("---\n") : summary(result));
    const isStacks = !dryRun && files.some(isOfStack(context.dir));
    if (isStacks && !(await noteDeclaration(context))) context.log.info("next: glitchtip-compose render");
    const wouldChange = dryRun && files.some(({ changed }) => changed);
    context.setExitCode(problems.length > 0 ? EXIT.failed : wouldChange ? EXIT.changes : EXIT.done);
  },
};

function checked({ kind, secrets }: Flags) {
  const problems: string[] = [];
  const kinds = kind.flatMap((word) => {
    const found = MANAGEABLE.find((one) => one === word);
    if (found === undefined)
      problems.push(`--kind ${word}: one of ${MANAGEABLE.join(", ")}${didYouMean(word, MANAGEABLE)}`);
    return found === undefined ? [] : [KIND_OF[found]];
  });
  const into = (["file", "env"] as const).find((one) => one === secrets);
  if (into === undefined) problems.push(`--secrets ${secrets}: file or env`);
  if (into === undefined || problems.length > 0)
    throw new CodedError("GC1001", "flags that cannot be used:", { problems });
  return { kinds, secrets: into };
}

/** Its managed files follow the declaration. */
const isOfStack =
  (dir: string) =>
  ({ file, changed }: PullResult["files"][number]): boolean =>
    changed && file === DECLARATION_FILE && planParts(dir).files;

function summary({ changes, files }: PullResult): string {
  const lines = changes.map(({ how, ...one }) => printable(`${how} ${placeOf(one)}: ${one.message}`));
  const said = files.map(({ file, changed }) => (changed ? `changed ${file}` : `${file} says all of it already`));
  return [...lines, ...said].join("\n");
}
