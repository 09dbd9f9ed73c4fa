import { defined } from "../base/defined.ts";
import type { ResolvedService } from "../compose/model.ts";
import { execCaptured } from "../docker/exec.ts";
import type { Docker, Memory } from "../docker/index.ts";
import { databaseContainerOf, PSQL_PREAMBLE, type RunningStack } from "../running/index.ts";

export interface Resources {
  readonly memory: readonly MemoryUse[];
  /** The disk of the database's volume; missing where the database is not part of the stack or does not run. */
  readonly disk?: DiskUse;
}

/** `limited` is false for a container without a limit, whose `limitBytes` is the host's memory. */
export type MemoryUse = Memory & { readonly service: string; readonly limited: boolean };

export interface DiskUse {
  readonly databaseBytes: number;
  readonly freeBytes: number;
  readonly usedPercent: number;
}

/** Reads what the running containers use. What cannot be read is left out: a status does not fail for it. */
export async function readResources(docker: Docker, stack: RunningStack): Promise<Resources> {
  const [memory, disk] = await Promise.all([memoryOf(stack), diskOf(docker, stack)]);
  return defined({ memory, disk });
}

/** Returns a service's memory limit in bytes, 0 for none. */
export const memoryLimitOf = ({ mem_limit, deploy }: ResolvedService): number =>
  Number(mem_limit ?? deploy?.resources?.limits?.memory ?? 0);

async function memoryOf({ engine, containers, config }: RunningStack): Promise<MemoryUse[]> {
  const running = containers.filter(({ state }) => state === "running");
  const found = await Promise.all(
    running.map(async ({ id, service }) => ({ service, use: await engine.memory(id).catch(() => undefined) })),
  );
  const isLimited = (service: string) => memoryLimitOf(config.services[service] ?? {}) > 0;
  return found.flatMap(({ service, use }) =>
    use === undefined ? [] : [{ service, ...use, limited: isLimited(service) }],
  );
}

const DISK_SCRIPT = `${PSQL_PREAMBLE}sql -c 'SELECT pg_database_size(current_database())'
df -Pk "$PGDATA" | awk 'NR == 2 { print $4, $5 }'
`;

async function diskOf(docker: Docker, stack: RunningStack): Promise<DiskUse | undefined> {
  const database = databaseContainerOf(stack);
  if (database?.state !== "running") return undefined;
  const exec = { container: database.id, command: ["sh", "-c", DISK_SCRIPT] };
  const { code, stdout } = await execCaptured(docker, exec).catch(() => ({ code: 1, stdout: "" }));
  const found = /^(\d+)\n(\d+) (\d+)%/.exec(stdout);
  if (code !== 0 || found === null) return undefined;
  return { databaseBytes: Number(found[1]), freeBytes: Number(found[2]) * 1024, usedPercent: Number(found[3]) };
}

const NEARLY_FULL_PERCENT = 90;

/** Returns a line where the disk is nearly full: Postgres stops when it is. */
export function diskProblems({ disk }: Resources): string[] {
  if (disk === undefined || disk.usedPercent < NEARLY_FULL_PERCENT) return [];
  return [`the database's disk is ${disk.usedPercent} % full: free some space, or shorten server.retention`];
}
