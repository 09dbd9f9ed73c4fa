import { CodedError } from "../../base/errors.ts";
import { retry } from "../../base/retry.ts";
import type { Clock } from "../../base/wait.ts";
import type { Container, Docker } from "../../docker/index.ts";
import { observeStack, type RunningStack } from "../../running/index.ts";
import type { RotatingProject } from "./execute.ts";

/** Whether an app has the new key: an app reads its DSN when it starts, so the time of its start tells. */
export type AppKeyState = "to be restarted" | "restarted" | "has it already" | "not running";

const WITHIN_MS = 300_000;

const runningContainers = ({ containers }: RunningStack, app: string): Container[] =>
  containers.filter(({ service, state }) => service === app && state === "running");

/** Whether a container that started at this time read the retiring key. */
export function readRetiringKey(startedMs: number, { publishedAtMs, retiringSinceMs }: RotatingProject): boolean {
  if (retiringSinceMs !== undefined && startedMs < retiringSinceMs) return false;
  return publishedAtMs === undefined || startedMs < publishedAtMs;
}

export function appKeyState(stack: RunningStack, app: string, project: RotatingProject): AppKeyState {
  const running = runningContainers(stack, app);
  if (running.length === 0) return "not running";
  return running.some(({ sinceMs = 0 }) => readRetiringKey(sinceMs, project)) ? "to be restarted" : "has it already";
}

/**
 * Restarts the containers of one app and waits until they are healthy. They are not created anew, because what the user
 * changed in the Compose files meanwhile is not ours to deploy.
 */
export async function restartApp(
  context: { readonly docker: Docker; readonly clock: Clock; readonly signal: AbortSignal; say(text: string): void },
  app: string,
  project: RotatingProject,
): Promise<RunningStack> {
  const { docker, clock, signal, say } = context;
  say(`restarting ${app}`);
  // The service may belong to a profile that is off.
  const args = ["compose", "--profile", "*", "restart", "--no-deps", app];
  const { code, stderr } = await docker.cli(args, { deadlineMs: WITHIN_MS });
  const failed = (why: string, problems: readonly string[] = []) =>
    new CodedError("GC1605", `app ${app} ${why} after its restart with the new DSN`, {
      problems,
      remedy: `docker compose logs --tail 50 ${app}; then npx glitchtip-compose rotate continues, rotate --abort goes back`,
    });
  if (code !== 0) throw failed("could not be started", stderr.trim().split("\n").slice(-3));
  return await retry<RunningStack>({
    clock,
    signal,
    deadlineMs: WITHIN_MS,
    pauseMs: { first: 100, longest: 1_000 },
    async attempt() {
      const stack = await observeStack(docker);
      const containers = stack.containers.filter(({ service }) => service === app);
      const ended = containers.find(({ state, exitCode }) => state === "exited" && exitCode !== 0);
      if (ended !== undefined) throw failed(`ended with exit code ${ended.exitCode}`);
      if (containers.some(({ health }) => health === "unhealthy")) throw failed("is unhealthy");
      const settled = containers.every(({ state, health }) => state !== "restarting" && health !== "starting");
      return settled && appKeyState(stack, app, project) !== "to be restarted" ? stack : undefined;
    },
    say: () => say(`waiting until ${app} is healthy`),
    late: (waitedMs) => failed(`was not healthy ${Math.round(waitedMs / 1_000)} s`),
  });
}
