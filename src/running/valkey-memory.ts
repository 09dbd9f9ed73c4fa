import { formatSize } from "../base/byte-size.ts";
import { counted } from "../base/counted.ts";
import { defined } from "../base/defined.ts";
import type { Docker } from "../docker/index.ts";
import { type JobQueue, VALKEY_LISTS } from "../glitchtip/versions.ts";
import { type RunningStack, valkeyContainerOf } from "./observe.ts";

/** What Valkey holds of what it may hold: at the limit it refuses writes, and GlitchTip answers events with an error. */
export interface ValkeyMemory {
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** The writes that it has refused for its limit since it was started. */
  readonly refused: number;
  /** The jobs that wait in it, and those that the worker has taken and not ended; undefined where they cannot be counted. */
  readonly waiting?: number;
}

const WITHIN_MS = 10_000;
/** A job with a large event may be refused before the last byte is taken. */
const FULL = 0.95;

/** Counts the jobs in Valkey's lists; undefined where it does not answer. */
export async function countValkeyJobs(docker: Docker, container: string, queue: JobQueue): Promise<number | undefined> {
  const lengths = [
    ...VALKEY_LISTS[queue].map((key) => `LLEN '${key}'`),
    ...(queue === "celery" ? ["HLEN unacked"] : []),
  ];
  const count = `echo $((${lengths.map((length) => `$(valkey-cli ${length})`).join(" + ")}))`;
  const { code, stdout } = await docker.cli(["exec", container, "sh", "-c", count], { deadlineMs: WITHIN_MS });
  return code === 0 && /^\d+$/.test(stdout.trim()) ? Number(stdout.trim()) : undefined;
}

/** Asks the stack's Valkey. Undefined where there is none, where it has no limit, and where it does not answer. */
export async function readValkeyMemory(
  docker: Docker,
  stack: RunningStack,
  queue?: JobQueue,
): Promise<ValkeyMemory | undefined> {
  const container = valkeyContainerOf(stack);
  if (container?.state !== "running") return undefined;
  const asked = ["exec", container.id, "valkey-cli", "info", "memory", "errorstats"];
  const { code, stdout } = await docker.cli(asked, { deadlineMs: WITHIN_MS });
  const figure = (name: string) => Number(new RegExp(`^${name}[:=](?:count=)?(\\d+)`, "m").exec(stdout)?.[1] ?? 0);
  const limitBytes = figure("maxmemory");
  if (code !== 0 || limitBytes === 0) return undefined;
  const usedBytes = figure("used_memory") - figure("mem_not_counted_for_evict");
  const waiting = queue && (await countValkeyJobs(docker, container.id, queue));
  return { usedBytes, limitBytes, refused: figure("errorstat_OOM"), ...defined({ waiting }) };
}

/** Returns what is wrong with a Valkey that takes no more, or undefined. */
export function valkeyProblem({ usedBytes, limitBytes, refused }: ValkeyMemory): string | undefined {
  if (usedBytes < FULL * limitBytes) return undefined;
  const since = refused === 0 ? "" : `; it has refused ${counted(refused, "write")} since it was started`;
  return `Valkey is full (${formatSize(usedBytes)} of ${formatSize(limitBytes)}), so events are refused${since}`;
}

export const FREE_VALKEY =
  "npx glitchtip-compose restart worker, if its jobs wait; or raise limits.valkey.memory in glitchtip.yaml, then: npx glitchtip-compose init, docker compose up -d --wait";
