import type { Command } from "commander";
import { EXIT } from "../../base/errors.ts";
import { type CheckedPoint, checkProduction } from "../../checks/index.ts";
import { openDocker } from "../../docker/index.ts";
import { readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { type Colour, paintFor, withProgress } from "../screen.ts";
import { wrappedForStdout } from "../wrap.ts";

export default {
  flags: (command: Command) => command.option("--production", "the only check, so it may be left out"),
  async run(context) {
    const project = readWorkspace(context.dir);
    const points = await withProgress(context, "looking at files, containers and the public address", () =>
      checkProduction(openDocker(context), project, { shell: context.env, nowMs: context.clock.now() }),
    );
    const count = (state: CheckedPoint["state"]) => points.filter((point) => point.state === state).length;
    const [passed, failed, unknown] = [count("pass"), count("fail"), count("unknown")];
    if (context.json) context.print(JSON.stringify({ ok: failed === 0, passed, failed, unknown, points }));
    else {
      const paint = paintFor(context);
      for (const { id, what, state, reason, remedy } of points) {
        const { word, colour } = SHOWN[state];
        // A point that failed says what is; the wish beside it would read as if it held.
        context.print(
          wrappedForStdout(`${paint(colour, word)}  ${id}: ${state === "fail" ? reason : `${what}: ${reason}`}`, 6),
        );
        if (remedy !== undefined) context.print(wrappedForStdout(`      → ${remedy}`));
      }
      context.print(`\n${passed} passed, ${failed} failed, ${unknown} unknown`);
    }
    context.setExitCode(failed === 0 ? EXIT.done : EXIT.failed);
  },
} satisfies CliCommand;

const SHOWN: Readonly<Record<CheckedPoint["state"], { word: string; colour: Colour }>> = {
  pass: { word: "ok  ", colour: "good" },
  unknown: { word: "?   ", colour: "doubtful" },
  fail: { word: "FAIL", colour: "bad" },
};
