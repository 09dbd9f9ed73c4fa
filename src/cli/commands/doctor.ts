import { EXIT } from "../../base/errors.ts";
import { type Finding, runDoctor, thisMachine } from "../../checks/index.ts";
import { openDocker } from "../../docker/index.ts";
import { compareVaultCopies, packageAssets, readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { type Colour, type Paint, paintFor, withProgress } from "../screen.ts";

export default {
  async run(context) {
    const findings = await withProgress(context, "looking at the engine, the files and the containers", () =>
      runDoctor({
        docker: openDocker(context),
        machine: thisMachine(context.clock),
        assets: packageAssets(),
        env: context.env,
        workspace: () => readWorkspace(context.dir, context.env),
        vaultCopies: (workspace) => compareVaultCopies(context, workspace),
      }),
    );
    const failed = findings.filter(({ level }) => level === "fail").length;
    const warned = findings.filter(({ level }) => level === "warn").length;
    if (context.json) context.print(JSON.stringify({ ok: failed === 0, findings }));
    else {
      const paint = paintFor(context);
      context.print(findings.flatMap((finding) => lines(finding, paint)).join("\n"));
      context.print(`\n${counted(failed, "problem")}, ${counted(warned, "warning")}`);
    }
    context.setExitCode(failed === 0 ? EXIT.done : EXIT.failed);
  },
} satisfies CliCommand;

const SHOWN: Readonly<Record<Finding["level"], { word: string; colour: Colour }>> = {
  ok: { word: "ok  ", colour: "good" },
  warn: { word: "warn", colour: "doubtful" },
  fail: { word: "FAIL", colour: "bad" },
};

function lines({ check, level, what, details = [], fix }: Finding, paint: Paint): string[] {
  const { word, colour } = SHOWN[level];
  const more = [...details.map((line) => `  ${line}`), ...(fix === undefined ? [] : [`→ ${fix}`])];
  return [`${paint(colour, word)}  ${check}: ${what}`, ...more.map((line) => `      ${line}`)];
}

const counted = (count: number, word: string): string => `${count || "no"} ${word}${count === 1 ? "" : "s"}`;
