import { lineLog } from "../../src/base/log.ts";
import { systemClock } from "../../src/base/wait.ts";
import { runProgram } from "../../src/cli/program.ts";

export interface InProcessResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line of ours in this process. `isEnough` ends a command that runs on. */
export async function runInProcess(
  dir: string,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  isEnough: (stdout: string) => boolean = () => false,
): Promise<InProcessResult> {
  const said = { code: 0, stdout: "", stderr: "" };
  const abort = new AbortController();
  const output = (json: boolean) => ({
    json,
    print(data: string) {
      said.stdout += data.endsWith("\n") ? data : `${data}\n`;
      if (isEnough(said.stdout)) abort.abort();
    },
    setExitCode(code: number) {
      said.code = code;
    },
  });
  const write = (text: string) => {
    said.stderr += text;
  };
  await runProgram(argv, {
    pid: process.pid,
    contextFor: ({ json = false, debug = false }) => ({
      dir,
      env,
      log: lineLog(write, { debug }),
      clock: systemClock,
      signal: abort.signal,
      interactive: false,
      stdoutIsTerminal: false,
      ...output(json),
    }),
    outputFor: output,
    showError: write,
  });
  return said;
}
