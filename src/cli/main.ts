#!/usr/bin/env node

import { assumeWindowSize } from "./window-size.ts";

assumeWindowSize(process.stdout);
assumeWindowSize(process.stderr);
// A closed pipe must not end the work.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const argv = process.argv.slice(2);
const [command, shell, flag, line] = argv;
if (command === "completion" && shell !== undefined && flag === "--line" && line !== undefined && argv.length === 4) {
  // A key press waits for this: it loads nothing else of the program.
  const { candidateLines } = await import("./completion/answer.ts");
  process.stdout.write(await candidateLines(process.cwd(), line));
} else {
  const { processContext, processOutput, showError } = await import("./context.ts");
  const { runProgram } = await import("./program.ts");
  await runProgram(argv, { pid: process.pid, contextFor: processContext, outputFor: processOutput, showError });
}
// Sockets or timers that a finished command left open must not keep the process; stdout is flushed first.
process.stdout.write("", () => process.exit());
