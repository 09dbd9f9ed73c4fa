import type { Clock } from "../../base/wait.ts";
import type { Docker } from "../../docker/index.ts";
import type { RunningStack } from "../../running/index.ts";
import { isStackService } from "../../stack/service-names.ts";

export interface ContainerMemory {
  readonly service: string;
  readonly highestMib: number;
  readonly limitMib: number;
}

const EVERY_MS = 500;
const WITHIN_MS = 15_000;
const MIB: Readonly<Record<string, number>> = { B: 1 / 1024 ** 2, KiB: 1 / 1024, MiB: 1, GiB: 1024, TiB: 1024 ** 2 };

/**
 * Measures the memory of the stack's containers until the work is done, and returns the highest values. Like the
 * engine's own figures they do not contain the page cache.
 */
export async function watchMemory<T>(
  docker: Docker,
  { containers }: RunningStack,
  clock: Clock,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly memory: readonly ContainerMemory[] }> {
  const running = containers.filter(({ service, state }) => state === "running" && isStackService(service));
  const highest = new Map<string, ContainerMemory>();
  const done = new AbortController();
  const look = async () => {
    const args = ["stats", "--no-stream", "--no-trunc", "--format", "{{.ID}} {{.MemUsage}}"];
    const { stdout } = await docker.cli([...args, ...running.map(({ id }) => id)], { deadlineMs: WITHIN_MS });
    for (const line of stdout.split("\n")) {
      const [, id, used, unit = "", limit, limitUnit = ""] =
        /^(\S+) ([\d.]+)(\w+) \/ ([\d.]+)(\w+)$/.exec(line.trim()) ?? [];
      const service = running.find((one) => one.id === id)?.service;
      if (service === undefined) continue;
      const usedMib = Math.round(Number(used) * (MIB[unit] ?? 0));
      const highestMib = Math.max(usedMib, highest.get(service)?.highestMib ?? 0);
      highest.set(service, { service, highestMib, limitMib: Math.round(Number(limit) * (MIB[limitUnit] ?? 0)) });
    }
  };
  const watching = (async () => {
    while (running.length > 0 && !done.signal.aborted) {
      await look();
      await clock.sleep(EVERY_MS, done.signal).catch(() => undefined);
    }
  })();
  try {
    const result = await work();
    done.abort();
    await watching;
    return { result, memory: [...highest.values()].toSorted((a, b) => a.service.localeCompare(b.service)) };
  } finally {
    done.abort();
    await watching.catch(() => undefined);
  }
}
