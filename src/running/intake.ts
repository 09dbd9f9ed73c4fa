import { CodedError } from "../base/errors.ts";
import { retry } from "../base/retry.ts";
import type { Clock } from "../base/wait.ts";
import type { Declaration } from "../config/schema.ts";
import { resolveServer } from "../config/server.ts";
import type { Docker } from "../docker/index.ts";
import type { JobQueue } from "../glitchtip/versions.ts";
import { SERVER, WORKER } from "../stack/service-names.ts";
import { readBacklog } from "./backlog.ts";
import { containerOf, isSingleContainer, observeStack, valkeyContainerOf } from "./observe.ts";
import { stopServices } from "./stop.ts";
import { countValkeyJobs } from "./valkey-memory.ts";

export interface IntakeContext {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly queue: JobQueue;
  /** How long the worker may take to empty its queue; default: two minutes. */
  readonly drainedWithinMs?: number;
  say(text: string): void;
}

const DRAINED_WITHIN_MS = 120_000;
/** Celery stores events in batches, at the latest after 2 s (docs/glitchtip-facts.md); its table does not tell of them. */
const BATCH_MS = 2_500;

/** The kind of queue that this declaration's server has. */
export const jobQueueOf = ({ server }: Pick<Declaration, "server">): JobQueue =>
  resolveServer(server).server?.capabilities.jobQueue ?? "celery";

/**
 * Stops the web service, which accepts events, and waits until the worker has emptied its queue. Does nothing where no
 * worker runs. Throws GC1605 where jobs are left at the deadline.
 */
export async function drainQueue(context: IntakeContext): Promise<void> {
  const { docker, clock, signal, say, queue, drainedWithinMs = DRAINED_WITHIN_MS } = context;
  const stack = await observeStack(docker);
  const single = isSingleContainer(stack.config.services);
  const worker = containerOf(stack, single ? SERVER : WORKER);
  if (worker?.state !== "running") return;
  if (single) await docker.cli(["exec", worker.id, "programs", "stop", "web"], { signal });
  else await stopServices(docker, [SERVER], signal);
  say("letting the worker finish");
  await retry({
    clock,
    signal,
    deadlineMs: drainedWithinMs,
    say: () => say("the worker still has jobs"),
    attempt: async () => ((await countJobs(docker, queue, clock.now())) ? undefined : true),
    late: () =>
      new CodedError("GC1605", "the worker does not process its queue", {
        remedy: "Look at it with: npx glitchtip-compose logs worker, then: npx glitchtip-compose restart worker",
      }),
  });
  if (queue === "celery" && valkeyContainerOf(stack)?.state !== "running") await clock.sleep(BATCH_MS, signal);
}

/**
 * Stops what accepts events, lets the worker finish, and stops it, so that the database can be restarted without a loss.
 * Goes on where the worker does not finish in time: its jobs wait in the queue. Returns what was stopped, for
 * `resumeIntake`. Where it fails, everything is started again.
 */
export async function pauseIntake(context: IntakeContext): Promise<readonly string[]> {
  const { docker, signal, say } = context;
  const stack = await observeStack(docker);
  const containers = [SERVER, WORKER].flatMap((name) => containerOf(stack, name) ?? []);
  const running = containers.filter(({ state }) => state === "running");
  const services = running.map(({ service }) => service);
  return await orResume(context, services, async () => {
    await drainQueue(context).catch((error: unknown) => {
      if (!(error instanceof CodedError) || error.code !== "GC1605") throw error;
      say(`${error.message}; the remaining jobs wait in the queue`);
    });
    if (!isSingleContainer(stack.config.services)) await stopServices(docker, services, signal);
    else for (const { id } of running) await docker.cli(["exec", id, "programs", "stop", "web", "worker"], { signal });
    return services;
  });
}

/** Starts again what `pauseIntake` has stopped, as it was. Does not wait until it is healthy. */
export async function resumeIntake(
  { docker }: Pick<IntakeContext, "docker">,
  paused: readonly string[],
): Promise<void> {
  if (paused.length === 0) return;
  const stack = await observeStack(docker);
  const server = containerOf(stack, SERVER);
  if (!isSingleContainer(stack.config.services)) {
    await docker.compose.up({ services: paused, flags: ["--detach", "--no-deps", "--no-recreate"] });
  } else if (server?.state === "running") await docker.cli(["exec", server.id, "programs", "start", "worker", "web"]);
}

/**
 * Executes `work` while intake is paused. Where it fails, what was paused is started again, and what an interrupted run
 * had paused.
 */
export async function whilePaused<T>(
  context: IntakeContext,
  work: () => Promise<T>,
  pausedBefore: readonly string[] = [],
): Promise<T> {
  const paused = await pauseIntake(context);
  const both = [SERVER, WORKER].filter((name) => paused.includes(name) || pausedBefore.includes(name));
  return await orResume(context, both, work);
}

async function orResume<T>(context: IntakeContext, paused: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    context.signal.throwIfAborted();
    // The failure of `work` is the one to report.
    await resumeIntake(context, paused).catch((other: unknown) =>
      context.say(`not started again: ${messageOf(other)}`),
    );
    throw error;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Counts the jobs in Valkey or in the database, wherever the queue is; undefined where the count cannot be read. */
async function countJobs(docker: Docker, queue: JobQueue, nowMs: number): Promise<number | undefined> {
  const stack = await observeStack(docker);
  const valkey = valkeyContainerOf(stack);
  if (valkey?.state === "running") {
    return await countValkeyJobs(docker, valkey.id, queue);
  }
  const backlog = await readBacklog(docker, stack, queue, nowMs);
  return backlog.known ? backlog.waiting : undefined;
}
