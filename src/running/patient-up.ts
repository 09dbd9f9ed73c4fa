import { CodedError } from "../base/errors.ts";
import { retry } from "../base/retry.ts";
import type { Clock } from "../base/wait.ts";
import type { Container, Docker } from "../docker/index.ts";
import { SERVER } from "../stack/service-names.ts";
import { containerOf, observeStack } from "./observe.ts";

interface PatienceContext {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const HEALTHY_WITHIN_MS = 120_000;
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
    const isUp = error instanceof CodedError && error.code === "GC1604";
    if (!isUp || !(await slowServerIsHealthy(context))) throw error;
    await up();
  }
}

const isSlow = (server: Container | undefined): boolean =>
  server?.state === "running" && server.health === "unhealthy" && TIMED_OUT.test(server.healthOutput ?? "");

/** Waits for a server as long as it is unhealthy because it is slow. False for any other server. */
export async function slowServerIsHealthy({ docker, clock, signal }: PatienceContext): Promise<boolean> {
  const server = async () => containerOf(await observeStack(docker), SERVER);
  if (!isSlow(await server())) return false;
  const lastMs = clock.now() + HEALTHY_WITHIN_MS;
  return await retry({
    clock,
    signal,
    async attempt() {
      const now = await server();
      if (now?.health === "healthy") return true;
      return isSlow(now) && clock.now() < lastMs ? undefined : false;
    },
  });
}
