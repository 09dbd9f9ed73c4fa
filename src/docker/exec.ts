import { randomBytes } from "node:crypto";
import { isatty } from "node:tty";
import { runForeground } from "../base/foreground.ts";
import { type ProcessResult, runProcess } from "../base/process.ts";
import type { Docker } from "./index.ts";

export interface ExecOptions {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

export interface Exec {
  readonly container: string;
  readonly command: readonly string[];
  /** Default: the user of the container. */
  readonly user?: string;
}

/** The variable that marks a command inside its container; its child processes inherit it. */
const MARK = "GLITCHTIP_COMPOSE_RUN";

/** Stops a marked command: `docker exec` passes no signal on, and leaves the command running when it is stopped. */
const STOP = `for folder in /proc/[0-9]*; do
  if tr '\\0' '\\n' <"$folder/environ" 2>/dev/null | grep -q "^${MARK}=$1$"; then kill -TERM "\${folder#/proc/}" 2>/dev/null || :; fi
done`;

const STOP_WITHIN_MS = 5_000;

/** Executes a command on our terminal and streams and resolves with its exit code. An abort stops the command, too. */
export async function execInForeground(docker: Docker, exec: Exec, options: ExecOptions): Promise<number> {
  const { env: engineEnv } = await docker.located();
  const env = { ...options.env, ...engineEnv };
  const mark = randomBytes(8).toString("hex");
  const user = exec.user === undefined ? [] : ["--user", exec.user];
  const flags = ["-i", ...(isatty(0) && isatty(1) ? ["-t"] : []), ...user, "-e", `${MARK}=${mark}`];
  return await runForeground("docker", ["exec", ...flags, exec.container, ...exec.command], {
    cwd: options.dir,
    env,
    signal: options.signal,
    async onAbort() {
      await runProcess("docker", ["exec", ...user, exec.container, "sh", "-c", STOP, "sh", mark], {
        env,
        deadlineMs: STOP_WITHIN_MS,
      });
    },
  });
}

/** Executes a command and resolves with its output. */
export const execCaptured = (docker: Docker, exec: Exec, stdin = ""): Promise<ProcessResult> =>
  docker.cli(
    ["exec", "-i", ...(exec.user === undefined ? [] : ["--user", exec.user]), exec.container, ...exec.command],
    { stdin },
  );
