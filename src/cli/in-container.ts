import { defined } from "../base/defined.ts";
import type { Declaration } from "../config/schema.ts";
import { execCaptured, execInForeground } from "../docker/exec.ts";
import { type Docker, openDocker } from "../docker/index.ts";
import { observeStack, type RunningStack, runningContainer } from "../running/index.ts";
import { readWorkspace } from "../workspace/index.ts";
import type { CliContext } from "./context.ts";

export interface OpenStack {
  readonly docker: Docker;
  readonly declaration: Declaration;
  readonly stack: RunningStack;
}

/** Reads the declaration, and the stack as it runs. */
export async function openStack(context: CliContext): Promise<OpenStack> {
  const { declaration } = readWorkspace(context.dir, context.env);
  const docker = openDocker(context);
  return { docker, declaration, stack: await observeStack(docker) };
}

export interface InService {
  readonly service: string;
  /** The program and its arguments; no shell interprets them. */
  readonly command: readonly string[];
  readonly user?: string | undefined;
}

/** Runs a program in a service's running container, with our stdin and stdout. Its exit code becomes ours. */
export async function runIn(
  context: CliContext,
  { docker, stack }: OpenStack,
  { service, command, user }: InService,
): Promise<void> {
  const exec = { container: runningContainer(stack, service).id, command, ...defined({ user }) };
  if (!context.json) return context.setExitCode(await execInForeground(docker, exec, context));
  const { code, stdout, stderr } = await execCaptured(docker, exec);
  context.print(JSON.stringify({ service, exitCode: code, stdout, stderr }));
  context.setExitCode(code ?? 1);
}
