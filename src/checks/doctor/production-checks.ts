import type { Declaration } from "../../config/schema.ts";
import { resolveServer } from "../../config/server.ts";
import type { Docker } from "../../docker/index.ts";
import { databaseContainerOf, queueInDatabase, type RunningStack, readBacklog } from "../../running/index.ts";
import { certificateStatus } from "../production/certificate-status.ts";
import { RESTART_WORKER } from "../production/point.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** What no health check shows: a worker that takes no work, a certificate that nobody renews. */
export async function checkServing(
  docker: Docker,
  declaration: Declaration,
  stack: RunningStack,
  nowMs: number,
): Promise<Finding[]> {
  if (stack.containers.length === 0) return [];
  return (
    await Promise.all([queue(docker, declaration, stack, nowMs), certificate(docker, declaration, stack, nowMs)])
  ).flat();
}

async function queue(docker: Docker, { server: declared }: Declaration, stack: RunningStack, nowMs: number) {
  const { server } = resolveServer(declared);
  const kept = queueInDatabase(server);
  if (kept === undefined) return [];
  const jobs = await readBacklog(docker, databaseContainerOf(stack), kept, nowMs);
  if (!jobs.known) return [];
  return jobs.stuck
    ? [fail("queue", `${jobs.waiting} jobs wait and none is taken`, RESTART_WORKER)]
    : [ok("queue", `${jobs.waiting} jobs wait`)];
}

async function certificate(docker: Docker, declaration: Declaration, stack: RunningStack, nowMs: number) {
  const found = await certificateStatus(docker, declaration, stack, nowMs);
  if (found === undefined) return [];
  const { state, reason, remedy = "" } = found.verdict;
  if (state === "pass") return [ok("certificate", reason)];
  return [state === "fail" ? fail("certificate", reason, remedy) : warn("certificate", reason, remedy)];
}
