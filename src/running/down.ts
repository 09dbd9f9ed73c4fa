import { basename } from "node:path";
import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import type { ComposeConfig } from "../compose/model.ts";
import { dsnVolume } from "../config/dsn-volumes.ts";
import { type Container, type Docker, lastLines } from "../docker/index.ts";
import { STACK_FILES } from "../stack/managed-files.ts";
import { isStackService } from "../stack/service-names.ts";

/** Everything of the Compose project that exists on the engine. */
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
  return {
    project: config.name,
    containers: containers.map(({ name }) => name).sort(),
    networks,
    volumes: volumes.map((name) => ({ name, users: !isOurVolume(config, name) })),
  };
}

/** A volume that the Compose files no longer have, such as that of an earlier Postgres, is judged by its name. */
function isOurVolume({ name: project, volumes = {} }: ComposeConfig, name: string): boolean {
  const key = Object.keys(volumes).find((one) => volumes[one]?.name === name) ?? keyIn(project, name);
  return key !== undefined && isStackService(key);
}

/** Returns the name in the Compose file of what Compose called PROJECT_NAME. */
const keyIn = (project: string, name: string): string | undefined =>
  name.startsWith(`${project}_`) ? name.slice(project.length + 1) : undefined;

/** Which of the user's own volumes are removed, too: all of them, those with these names, or none. */
export type MyVolumes = boolean | readonly string[];

/** Divides the volumes into those that go and those that stay. Throws GC1001 for a name that is none of the user's. */
export function divideVolumes(
  { project, volumes }: Pick<RemovalPlan, "project" | "volumes">,
  mine: MyVolumes = false,
): { readonly removed: readonly StackVolume[]; readonly kept: readonly StackVolume[] } {
  const users = volumes.filter((volume) => volume.users).map(({ name }) => name);
  const named =
    mine === true ? users : (mine || []).map((name) => (users.includes(name) ? name : `${project}_${name}`));
  const unknown = named.filter((name) => !users.includes(name));
  if (unknown.length > 0) {
    throw new CodedError("GC1001", `no volume of yours: ${unknown.join(", ")}${didYouMean(unknown[0] ?? "", users)}`, {
      remedy: `There are: ${users.join(", ") || "none"}.`,
    });
  }
  const goes = ({ name, users: isMine }: StackVolume) => !isMine || named.includes(name);
  return { removed: volumes.filter(goes), kept: volumes.filter((volume) => !goes(volume)) };
}

/** What is removed when the user's own services and data stay. */
export interface StackRemoval {
  /** Containers of our services. */
  readonly containers: readonly string[];
  /** The user's containers that use one of these volumes or networks, which Docker would otherwise not remove. */
  readonly users: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

/**
 * Plans the removal of our services with these volumes. Where no Compose file is `left`, the other containers and networks of
 * the Compose project go, too, because nothing could start or remove them any more.
 */
export async function planStackRemoval(
  docker: Docker,
  { project, networks: all }: RemovalPlan,
  volumes: readonly string[],
  left = true,
): Promise<StackRemoval> {
  const { engine } = await docker.located();
  const containers = await engine.containers(project);
  // A container of a file that Compose was told by --file is not the sample app's.
  const isLeft = left || containers.some(({ configFiles = [] }) => configFiles.some((path) => !isUsual(path)));
  const networks = all.filter((name) => !isLeft || isStackService(keyIn(project, name) ?? ""));
  const names = (found: readonly Container[]) => found.map(({ name }) => name).sort();
  const ours = containers.filter(({ service }) => isStackService(service));
  const users = containers.filter(
    (container) =>
      !ours.includes(container) &&
      (!isLeft ||
        container.networks.some((name) => networks.includes(name)) ||
        container.volumes.some((name) => volumes.includes(name))),
  );
  return { containers: names(ours), users: names(users), networks, volumes };
}

const isUsual = (path: string): boolean => STACK_FILES.includes(basename(path));

const STOP_WITHIN_S = "10";

/** Stops and removes what the plan says, in this order: containers, networks, volumes. Throws GC1604. */
export async function removeStackParts(
  docker: Docker,
  { containers, users, networks, volumes }: StackRemoval,
  say: (text: string) => void,
  /** What the other containers are. */
  whose = "your containers that use GlitchTip's volumes or networks",
): Promise<void> {
  const remove = async (what: string, words: readonly string[], names: readonly string[]) => {
    if (names.length === 0) return;
    say(what);
    const { code, stderr } = await docker.cli([...words, ...names]);
    if (code !== 0) throw new CodedError("GC1604", `${what} failed`, { problems: lastLines(stderr, 5) });
  };
  await remove("stopping containers", ["stop", "-t", STOP_WITHIN_S], [...containers, ...users]);
  // A nameless volume of the user's container is left on the engine.
  await remove("removing containers", ["rm", "--force", "--volumes"], containers);
  await remove(`removing ${whose}`, ["rm", "--force"], users);
  await remove("removing networks", ["network", "rm"], networks);
  await removeVolumes(docker, volumes, say);
}

/** Removes the DSN volumes of apps that are not in the files any more, unless a container still uses them. */
export async function removeOldDsnVolumes(docker: Docker): Promise<void> {
  const [{ engine }, { name: project, volumes = {} }] = await Promise.all([docker.located(), docker.compose.config()]);
  const [containers, there] = await Promise.all([engine.containers(project), engine.belongings(project)]);
  const used = [...Object.values(volumes).map(({ name }) => name), ...containers.flatMap((one) => one.volumes)];
  const isOld = (name: string) => keyIn(project, name)?.startsWith(dsnVolume("")) && !used.includes(name);
  const old = there.volumes.filter(isOld);
  // A container of another Compose project may use one.
  if (old.length > 0) await docker.cli(["volume", "rm", ...old]);
}

/** Stops and removes all containers and networks of the Compose project, and these volumes: the caller has to ask first. */
export async function removeStack(
  docker: Docker,
  options: { readonly volumes: readonly string[]; onLine?(line: string): void },
): Promise<void> {
  const { volumes, onLine } = options;
  await docker.located();
  await docker.compose.down({ volumes: false, ...(onLine && { onLine }) });
  await removeVolumes(docker, volumes, (text) => onLine?.(text));
}

async function removeVolumes(docker: Docker, names: readonly string[], say: (text: string) => void): Promise<void> {
  if (names.length === 0) return;
  say("removing volumes");
  const { code, stderr } = await docker.cli(["volume", "rm", ...names]);
  if (code === 0) return;
  throw new CodedError("GC1604", "docker volume rm failed", {
    problems: lastLines(stderr, 5),
    remedy: "Remove the containers that use them, then run the command again.",
  });
}
