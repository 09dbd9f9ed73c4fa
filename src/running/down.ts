import type { ComposeConfig } from "../compose/model.ts";
import type { Docker } from "../docker/index.ts";
import { isStackService } from "../stack/service-names.ts";

/** What a removal of the stack takes away and what it leaves. */
export interface RemovalPlan {
  readonly project: string;
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly StackVolume[];
}

export interface StackVolume {
  readonly name: string;
  /** Whether it belongs to the user's own services, not to GlitchTip. */
  readonly users: boolean;
}

/** Lists everything of the Compose project that exists on the engine. */
export async function planRemoval(docker: Docker): Promise<RemovalPlan> {
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
  new Set(Object.entries(volumes).flatMap(([key, { name }]) => (isStackService(key) ? [name] : [])));

/** Stops and removes containers and networks, with `volumes` the data as well: the caller has to ask first. */
export async function removeStack(
  docker: Docker,
  options: { readonly volumes: boolean; onLine?(line: string): void },
): Promise<void> {
  await docker.located();
  await docker.compose.down(options);
}
