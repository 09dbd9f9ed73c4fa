import type { ComposeConfig, Docker } from "../docker/index.ts";
import { isOurs } from "./running-stack.ts";

/** What `down` takes away and what it leaves. */
export interface DownPlan {
  readonly project: string;
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly DownVolume[];
}

export interface DownVolume {
  readonly name: string;
  /** Belongs to the user's own services, not to GlitchTip. */
  readonly users: boolean;
}

/** Everything of the project that exists on the engine. */
export async function planDown(docker: Docker): Promise<DownPlan> {
  const [{ engine }, config] = await Promise.all([docker.located(), docker.compose.config()]);
  const [containers, { networks, volumes }] = await Promise.all([
    engine.containers(config.name),
    engine.belongings(config.name),
  ]);
  const ours = ourVolumes(config);
  return {
    project: config.name,
    containers: containers.map(({ name }) => name).sort(),
    networks,
    volumes: volumes.map((name) => ({ name, users: !ours.has(name) })),
  };
}

const ourVolumes = ({ volumes = {} }: ComposeConfig): Set<string> =>
  new Set(Object.entries(volumes).flatMap(([key, { name }]) => (isOurs(key) ? [name] : [])));

/** Stops and removes containers and networks; with `volumes` the data as well, so ask first. */
export async function down(
  docker: Docker,
  options: { readonly volumes: boolean; onLine?(line: string): void },
): Promise<void> {
  await docker.located();
  await docker.compose.down(options);
}
