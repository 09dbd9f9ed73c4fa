import { dirname, isAbsolute, relative } from "node:path";
import type { Command } from "commander";
import { cleanLine } from "../../base/clean.ts";
import { counted } from "../../base/counted.ts";
import { defined } from "../../base/defined.ts";
import { didYouMean } from "../../base/did-you-mean.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import { httpUrl } from "../../config/schema/primitives.ts";
import { MANAGEABLE } from "../../config/schema/servers.ts";
import {
  type DeclaredServer,
  KIND_OF,
  type NewFileOptions,
  type PullResult,
  placeOf,
  pullNew,
  pull as pullServers,
} from "../../management/index.ts";
import { parseReference, REFERENCE_FORMS } from "../../references/reference.ts";
import { DECLARATION_FILE, noteDeclaration, planParts } from "../../workspace/index.ts";
import { collect } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { withProgress } from "../screen.ts";
import { problemLine } from "../server-changes.ts";
import { openToRead, type ServerFlags, withServerOptions } from "../server-options.ts";

interface Flags extends ServerFlags, NewFileFlags {
  readonly all?: boolean;
  readonly kind: readonly string[];
  readonly secrets: string;
  readonly dryRun?: boolean;
}

export default {
  flags: (command) =>
    withServerOptions(
      newFileFlags(command)
        .option(
          "--kind <kind>",
          `also pull these kinds where none is declared, with --url only these; repeatable: ${MANAGEABLE.join(", ")}`,
          collect,
          [],
        )
        .option("--all", "pull all kinds")
        .option("--secrets <where>", "where secrets go that are found: file (outside the workspace) or env", "file")
        .option("--dry-run", "write nothing; print the declaration; exit code 3 if it would change"),
    ),
  async run(context, flags) {
    const { dryRun = false } = flags;
    const result = await withProgress(context, "reading what the servers hold", () => pulled(context, flags));
    const { problems, files } = result;
    for (const { reference, of } of result.secrets) {
      context.log.info(flags.secrets === "env" ? `to be set: ${reference} = ${of}` : `secret: ${reference} = ${of}`);
    }
    for (const one of result.left) context.log.info(`left out: ${cleanLine(`${placeOf(one)}: ${one.message}`)}`);
    for (const problem of problems) context.log.info(problemLine(problem));
    print(context, result, flags);
    if (files.length === 0) context.log.info(`${flags.file} is not written: not all could be read`);
    const isStacks = !dryRun && files.some(isOfStack(context.dir));
    if (isStacks && !(await noteDeclaration(context))) context.log.info("next: npx glitchtip-compose render");
    const wouldChange = dryRun && files.some(({ changed }) => changed);
    context.setExitCode(problems.length > 0 ? EXIT.failed : wouldChange ? EXIT.changes : EXIT.done);
  },
} satisfies CliCommand<Flags>;

function print(context: CliContext, result: PullResult, flags: Flags): void {
  const { problems, files } = result;
  const status = problems.length === 0 ? "success" : "failed";
  if (context.json) context.print(JSON.stringify({ status, ...result }));
  else if (flags.dryRun && files.length > 0) context.print(files.map(({ text }) => text).join("---\n"));
  else if (files.length > 0) context.print(summary(result, flags));
}

function pulled(context: CliContext, flags: Flags): Promise<PullResult> {
  const { file, instance, all, dryRun = false } = flags;
  const { words, secrets } = checked(flags);
  const open = (declared: readonly DeclaredServer[]) => openToRead(context, declared);
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
      problems.push(`--kind ${word}: must be one of ${MANAGEABLE.join(", ")}${didYouMean(word, MANAGEABLE)}`);
    return found === undefined ? [] : [found];
  });
  const into = (["file", "env"] as const).find((one) => one === secrets);
  if (into === undefined) problems.push(`--secrets ${secrets}: must be file or env`);
  if (into === undefined || problems.length > 0)
    throw new CodedError("GC1001", "flags that cannot be used:", { problems });
  return { words, secrets: into };
}

/** Whether the file is the declaration of this workspace's stack and has changed: then its managed files have to follow. */
const isOfStack =
  (dir: string) =>
  ({ file, changed }: PullResult["files"][number]): boolean =>
    changed && file === DECLARATION_FILE && planParts(dir).files;

export function summary(
  { changes, compared, files, problems }: Omit<PullResult, "dryRun" | "secrets" | "left">,
  { url }: Pick<Flags, "url">,
): string {
  if (url !== undefined) {
    return `wrote ${files.map(({ file }) => file).join(", ")}: ${howMany(changes)}\nnext: npx glitchtip-compose plan`;
  }
  const lines = changes.map(({ how, ...one }) => cleanLine(`${how} ${placeOf(one)}: ${one.message}`));
  const same =
    problems.length === 0
      ? `already contains all of it${whatWasCompared(compared)}`
      : "stays as it is: not everything could be read";
  const said = files.map(({ file, changed }) => (changed ? `changed ${file}` : `${file} ${same}`));
  return [...lines, ...said].join("\n");
}

/** Returns which kinds were compared and how others are; nothing where all of them were. */
function whatWasCompared(compared: PullResult["compared"]): string {
  if (compared.length === MANAGEABLE.length) return "";
  const words = MANAGEABLE.filter((word) => compared.includes(KIND_OF[word]));
  const what = words.length === 0 ? "only whether each declared object exists" : `${words.join(", ")}, as declared`;
  return ` (compared: ${what}; other kinds: --kind KIND or --all)`;
}

/** Returns counts such as "2 projects, 1 alert", by the word before each name. */
function howMany(changes: PullResult["changes"]): string {
  const counts = new Map<string, number>();
  for (const { message } of changes) {
    const [word = ""] = message.split(' "', 1);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, n]) => counted(n, word)).join(", ") || "nothing is in it yet";
}

interface NewFileFlags {
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly organization: readonly string[];
  readonly instance?: string;
  readonly file: string;
}

/** Adds the options about a server that is not declared yet. */
const newFileFlags = (command: Command): Command =>
  command
    .option("--url <url>", "write a new declaration of everything that this server holds")
    .option("--token <reference>", `with --url: ${REFERENCE_FORMS} of an API token for it`)
    .option("--token-file <path>", "a file with the token, instead of --token")
    .option("--ca-file <path>", "with --url: the certificate authority that signed its certificate (PEM)")
    .option("--organization <name>", "with --url: only this organization, by name or slug; repeatable", collect, []);

/** Returns the server that --url names; undefined where a declared one is meant. A secret itself is refused unseen. */
function newServer(flags: NewFileFlags): Pick<NewFileOptions, "server" | "organizations"> | undefined {
  const { url, organization: organizations } = flags;
  // References in a declaration start from its folder, paths on the command line from the current one.
  const fromFile = (path: string) => `file:${isAbsolute(path) ? path : relative(dirname(flags.file), path) || "."}`;
  const token = flags.token ?? (flags.tokenFile === undefined ? undefined : fromFile(flags.tokenFile));
  const problems = [
    ...problemsOfToken(flags, token),
    ...(url === undefined ? strayFlags(flags) : problemsOfNew(flags, url)),
  ];
  if (url !== undefined && token === undefined) problems.push("how to sign in: --token env:NAME or --token-file PATH");
  if (problems.length > 0) throw new CodedError("GC1001", "flags that cannot be used:", { problems });
  if (url === undefined || token === undefined) return undefined;
  const ca = flags.caFile === undefined ? undefined : fromFile(flags.caFile);
  return { server: { url, token, ...defined({ ca }) }, organizations };
}

function problemsOfToken({ token: given, tokenFile }: NewFileFlags, token: string | undefined): string[] {
  return [
    ...(given !== undefined && tokenFile !== undefined
      ? ["--token and --token-file both state the token: use one of them"]
      : []),
    ...(token !== undefined && parseReference(token) === undefined ? [`--token: must be ${REFERENCE_FORMS}`] : []),
  ];
}

/** Returns the flags that make sense only with --url. */
function strayFlags({ token, tokenFile, caFile, organization }: NewFileFlags): string[] {
  const given = { token, "token-file": tokenFile, "ca-file": caFile, organization: organization[0] };
  return Object.keys(defined(given)).map((name) => `--${name} is for --url; a declared server states its own`);
}

function problemsOfNew({ instance }: NewFileFlags, url: string): string[] {
  const { error } = httpUrl.safeParse(url);
  return [
    ...(error === undefined ? [] : [`--url ${url.replace(/\/\/[^/]*@/, "//…@")}: ${error.issues[0]?.message ?? ""}`]),
    ...(instance === undefined ? [] : ["--instance is for a server that is declared already; leave it out with --url"]),
  ];
}
