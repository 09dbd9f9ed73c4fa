#!/usr/bin/env node
import { processContext, processOutput } from "./context.ts";
import { runProgram } from "./program.ts";
import { paintFor } from "./screen.ts";
import { columnsOf, wrapped } from "./wrap.ts";

// A closed pipe must not end the work.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

await runProgram(process.argv.slice(2), {
  pid: process.pid,
  contextFor: processContext,
  outputFor: processOutput,
  showError,
});
// Sockets or timers that a finished command left open must not keep the process; stdout is flushed first.
process.stdout.write("", () => process.exit());

/** Whoever has pressed Ctrl-C knows that it is no error: its code is shown with --json only. */
function showError(text: string): void {
  const paint = paintFor({ env: process.env, json: false }, process.stderr.isTTY === true);
  const shown = wrapped(text.replace(/^error GC1003: /, ""), columnsOf(process.stderr));
  process.stderr.write(shown.replace(/^error GC\d{4}:/, (start) => paint("bad", start)));
}
