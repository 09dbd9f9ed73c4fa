import { CodedError } from "../base/errors.ts";
import { retry } from "../base/retry.ts";
import type { Clock } from "../base/wait.ts";
import type { Docker } from "../docker/index.ts";
import { SERVER } from "../stack/service-names.ts";
import { containerOf, observeStack } from "./observe.ts";

interface PatienceContext {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const HEALTHY_WITHIN_MS = 180_000;
/** A server that is down refuses the connection; the engine says this of one that is only slow. */
const TIMED_OUT = /exceeded timeout/i;

/**
 * Executes `up`, and once more where it failed because GlitchTip answered its health checks too late: on a busy machine
 * `docker compose up --wait` gives up at three late answers, though the server serves and accepts events.
 */
export async function upPatiently(context: PatienceContext, up: () => Promise<void>): Promise<void> {
  try {
    await up();
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== "GC1604" || !(await becomesHealthy(context))) throw error;
    await up();
  }
}

/** Waits for a server that is unhealthy because it is slow. False for any other server. */
async function becomesHealthy({ docker, clock, signal }: PatienceContext): Promise<boolean> {
  const server = async () => containerOf(await observeStack(docker), SERVER);
  const first = await server();
  if (first?.health !== "unhealthy" || !TIMED_OUT.test(first.healthOutput ?? "")) return false;
  const lastMs = clock.now() + HEALTHY_WITHIN_MS;
  return await retry({
    clock,
    signal,
    async attempt() {
      const now = await server();
      if (now?.health === "healthy") return true;
      return now?.state === "running" && clock.now() < lastMs ? undefined : false;
    },
  });
}
