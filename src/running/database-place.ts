import { type Docker, lastLines } from "../docker/index.ts";
import { PSQL_PREAMBLE } from "./database-shell.ts";
import { databaseContainerOf, type RunningStack } from "./observe.ts";

const WITHIN_MS = 10_000;

/**
 * Asks the running Postgres where it keeps its data. Returns that path where it lies in no volume of the stack and in no
 * folder of the host: such data is gone once the container is removed. Undefined where all is well or nobody answers.
 */
export async function databaseOutsideVolumes(docker: Docker, stack: RunningStack): Promise<string | undefined> {
  const database = databaseContainerOf(stack);
  if (database?.state !== "running") return undefined;
  const show = `${PSQL_PREAMBLE}sql -c 'SHOW data_directory'`;
  const asked = ["exec", "-i", database.id, "sh", "-c", show];
  const { code, stdout } = await docker.cli(asked, { deadlineMs: WITHIN_MS });
  const [path = ""] = lastLines(stdout, 1);
  if (code !== 0 || !path.startsWith("/")) return undefined;
  const mount = database.mounts
    .filter((one) => path === one.path || path.startsWith(`${one.path}/`))
    .sort((a, b) => b.path.length - a.path.length)[0];
  const named = new Set(Object.values(stack.config.volumes ?? {}).map(({ name }) => name));
  const isKept = mount !== undefined && (mount.volume === undefined || named.has(mount.volume));
  return isKept ? undefined : path;
}
