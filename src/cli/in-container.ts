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

/** The project's declaration and what of it is on the engine. */
export async function openStack(context: CliContext): Promise<OpenStack> {
  const { declaration } = readWorkspace(context.dir, context.env);
  const docker = openDocker(context);
  return { docker, declaration, stack: await observeStack(docker) };
}

export interface InService {
  readonly service: string;
  /** Its words reach the program as they are: no shell is between. */
  readonly command: readonly string[];
  readonly user?: string | undefined;
}

/** Runs a program in a service's running container, on our own terminal; its exit code becomes ours. */
export async function runIn(
  context: CliContext,
  { docker, stack }: OpenStack,
  { service, command, user }: InService,
): Promise<void> {
  const exec = { container: runningContainer(stack, service).id, command, ...(user === undefined ? {} : { user }) };
  if (!context.json) return context.setExitCode(await execInForeground(docker, exec, context));
  const { code, stdout, stderr } = await execCaptured(docker, exec);
  context.print(JSON.stringify({ service, exitCode: code, stdout, stderr }));
  context.setExitCode(code ?? 1);
}
