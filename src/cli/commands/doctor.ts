import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { counted } from "../../base/counted.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import { writeOne } from "../../base/files.ts";
import { type Finding, runDoctor, supportBundle, thisMachine } from "../../checks/index.ts";
import { openDocker } from "../../docker/index.ts";
import { packageAssets, readVaultSecrets, readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { type Colour, type Paint, paintFor, withProgress } from "../screen.ts";
import { wrappedForStdout } from "../wrap.ts";

interface Flags {
  readonly bundle?: string;
}

export default {
  flags: (command) =>
    command.option(
      "--bundle <file>",
      "also write versions, findings, states and last logs, without secrets, into a file for a report",
    ),
  async run(context, { bundle }) {
    const file = bundle === undefined ? undefined : newFile(context.dir, bundle);
    const findings = await withProgress(context, "looking at the engine, the files and the containers", () =>
      runDoctor({
        docker: openDocker(context),
        machine: thisMachine(context.clock),
        assets: packageAssets(),
        env: context.env,
        workspace: () => readWorkspace(context.dir, context.env),
        vaultSecrets: (workspace) => readVaultSecrets(context, workspace),
      }),
    );
    const failed = findings.filter(({ level }) => level === "fail").length;
    const warned = findings.filter(({ level }) => level === "warn").length;
    if (file !== undefined) await writeBundle(context, file, findings);
    if (context.json) context.print(JSON.stringify({ ok: failed === 0, findings, bundle: file }));
    else {
      const paint = paintFor(context);
      const verdict = `${found(failed, "problem")}, ${found(warned, "warning")}`;
      // The end of a long list is what one sees, and its beginning what a pager shows.
      if (failed + warned > 0) context.print(`${verdict}\n\n`);
      context.print(findings.map((finding) => text(finding, paint)).join("\n"));
      context.print(`\n${verdict}`);
    }
    context.setExitCode(failed === 0 ? EXIT.done : EXIT.failed);
  },
} satisfies CliCommand<Flags>;

function newFile(dir: string, path: string): string {
  const file = resolve(dir, path);
  if (!existsSync(file)) return file;
  throw new CodedError("GC1001", `--bundle ${path}: this file exists already`, { remedy: "Give another name." });
}

async function writeBundle(context: CliContext, file: string, findings: readonly Finding[]): Promise<void> {
  const text = await withProgress(context, "collecting versions, states and logs", () =>
    supportBundle(
      {
        ...context,
        docker: openDocker(context),
        toolVersion: packageAssets().version,
      },
      findings,
    ),
  );
  writeOne(file, text, 0o600);
  context.log.info(`wrote ${file}; secrets are masked, but read it before you share it`);
}

const SHOWN: Readonly<Record<Finding["level"], { word: string; colour: Colour }>> = {
  ok: { word: "ok  ", colour: "good" },
  warn: { word: "warn", colour: "doubtful" },
  fail: { word: "FAIL", colour: "bad" },
};

/** How far the text of a finding stands to the right of its word. */
const INDENT = 6;

function text({ check, level, what, details = [], fix }: Finding, paint: Paint): string {
  const { word, colour } = SHOWN[level];
  const more = [...details.map((line) => `  ${line}`), ...(fix === undefined ? [] : [`→ ${fix}`])];
  const first = wrappedForStdout(`${paint(colour, word)}  ${check}: ${what}`, INDENT);
  return [first, ...more.map((line) => wrappedForStdout(`${" ".repeat(INDENT)}${line}`))].join("\n");
}

const found = (count: number, word: string): string => (count === 0 ? `no ${word}s` : counted(count, word));
