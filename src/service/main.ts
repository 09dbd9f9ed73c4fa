import { realpathSync } from "node:fs";
import process, { argv, env, stderr, stdout } from "node:process";
import { pathToFileURL } from "node:url";
import { CodedError, errorLines } from "../base/errors.ts";
import { runInContainer } from "./container.ts";

export { serve, signToken } from "./index.ts";

// The command line imports this bundle; a container of a stack's service runs it.
const [, program, ...words] = argv;
if (program !== undefined && import.meta.url === pathToFileURL(realpathSync(program)).href) {
  const abort = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => abort.abort(new CodedError("GC1003", `stopped by ${name}`)));
  }
  try {
    await runInContainer(
      {
        env,
        signal: abort.signal,
        print: (text) => stdout.write(`${text}\n`),
        writeLog: (line) => stderr.write(line),
      },
      words,
    );
  } catch (error) {
    if (!abort.signal.aborted) {
      stderr.write(`${errorLines(error).join("\n")}\n`);
      process.exitCode = 1;
    }
  }
  process.exit();
}
