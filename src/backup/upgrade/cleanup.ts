import { CodedError } from "../../base/errors.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import { observeStack } from "../../running/index.ts";
import { DATABASE } from "../../stack/service-names.ts";

/** Volumes of the project's databases that no service has any more: of earlier majors, and of upgrades that failed. */
export async function oldVolumes(docker: Docker): Promise<{ readonly project: string; readonly volumes: string[] }> {
  const { engine, config } = await observeStack(docker);
  const used = new Set(Object.values(config.volumes ?? {}).map(({ name }) => name));
  const { volumes } = await engine.belongings(config.name);
  const databases = volumes.filter((name) => name.startsWith(`${config.name}_${DATABASE}`));
  return { project: config.name, volumes: databases.filter((name) => !used.has(name)) };
}

/** For good. */
export async function removeVolumes(docker: Docker, volumes: readonly string[]): Promise<void> {
  const { code, stderr } = await docker.cli(["volume", "rm", ...volumes]);
  if (code === 0) return;
  throw new CodedError("GC1604", "not every volume could be removed", {
    problems: lastLines(stderr, 5),
    remedy: "docker ps -a --filter volume=NAME tells who has it.",
  });
}
