/** What we ask of a Docker engine. It is small, so that a test can implement it. */
export interface Engine {
  ping(signal: AbortSignal): Promise<void>;
  version(): Promise<EngineVersion>;
  info(): Promise<EngineInfo>;
  /** Returns every container of a Compose project, also stopped and one-off ones. */
  containers(project: string): Promise<Container[]>;
  /** Returns the ports that running containers of any project publish. */
  publishedPorts(): Promise<PublishedPort[]>;
  /** Returns the networks and volumes that carry the label of a Compose project. */
  belongings(project: string): Promise<{ readonly networks: string[]; readonly volumes: string[] }>;
  /** Returns the labels of all containers and volumes of a Compose project, or of those with an instance id. */
  marks(of: { readonly project: string } | { readonly instance: string }): Promise<StackMark[]>;
  /** Kills and removes a container by its name or id. */
  remove(container: string): Promise<void>;
  /** Returns a file as the container sees it, running or not, with its volumes; undefined where there is none. */
  readFile(containerId: string, path: string): Promise<string | undefined>;
  /** Returns when a file was changed, epoch milliseconds; undefined where there is none. */
  fileTimeMs(containerId: string, path: string): Promise<number | undefined>;
  /**
   * Calls `look` with the id of a container that has these volumes mounted read-only, by path. It is not started, and is
   * removed afterwards. A volume that is not there would be made.
   */
  withVolumes<T>(
    image: string,
    volumes: Readonly<Record<string, string>>,
    look: (containerId: string) => Promise<T>,
  ): Promise<T>;
  /**
   * Returns how a container of the image starts when nothing else is said; undefined where the engine does not have the
   * image, or not for this platform (`linux/arm64`).
   */
  imageStart(reference: string, platform?: string): Promise<ImageStart | undefined>;
  /** Returns false where a bind mount of this path would fail: the engine's machine does not have it. */
  seesPath(path: string): Promise<boolean>;
  hasNetwork(name: string): Promise<boolean>;
  hasVolume(name: string): Promise<boolean>;
  /** Returns the memory of a running container without its page cache; undefined where it does not run. */
  memory(containerId: string): Promise<Memory | undefined>;
}

/** A container or a volume, and what its labels say of it. */
export interface StackMark {
  readonly kind: "container" | "volume";
  readonly name: string;
  /** The Compose project. */
  readonly project: string;
  /** The name of the service or the volume in the Compose file. */
  readonly key: string;
  /** The folder that Compose was started in; volumes have none. */
  readonly folder?: string;
  /** The instance id of the workspace; the user's own services and stacks from before have none. */
  readonly instance?: string;
}

/** What a container of an image starts. */
export interface ImageStart {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

export interface Memory {
  readonly usedBytes: number;
  /** The memory of the machine where the container has no limit. */
  readonly limitBytes: number;
}

export interface EngineVersion {
  /** `Docker Engine` or `Podman Engine`. */
  readonly product: string;
  readonly version: string;
  readonly apiVersion: string;
}

export interface EngineInfo {
  readonly memoryBytes: number;
  /** The engine's clock in milliseconds since the epoch. */
  readonly nowMs: number;
  readonly rootDir: string;
  /** The kernel's version: that of this machine where the engine runs on the same kernel. */
  readonly kernel: string;
}

export type Health = "starting" | "healthy" | "unhealthy";

export interface Container {
  readonly id: string;
  readonly name: string;
  /** The service, from Compose's label. */
  readonly service: string;
  /** True for a container of `compose run`, which `up` does not manage. */
  readonly oneOff: boolean;
  /** One of created, running, paused, restarting, removing, exited, dead. */
  readonly state: string;
  /** Undefined without a health check. */
  readonly health?: Health;
  /** What the last health check printed, its last line; missing while healthy. */
  readonly healthOutput?: string;
  readonly exitCode: number;
  /** Why the engine could not start it. */
  readonly startError?: string;
  readonly oomKilled: boolean;
  readonly restarts: number;
  /** When the state last changed, in milliseconds since the epoch; undefined where it never started. */
  readonly sinceMs?: number;
  readonly image: string;
  /** The Compose files that it was made from, from Compose's label; missing where there is no such label. */
  readonly configFiles?: readonly string[];
  /** Compose's hash of the configuration that the container was made with. */
  readonly configHash?: string;
  readonly entrypoint: readonly string[];
  readonly networkMode: string;
  readonly networkIds: readonly string[];
  /** The names of its networks and of the volumes that it mounts. */
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly mounts: readonly ContainerMount[];
}

export interface ContainerMount {
  /** The path in the container. */
  readonly path: string;
  /** The volume's name, which is random for an anonymous one; undefined for a folder of the host. */
  readonly volume?: string;
}

export interface PublishedPort {
  readonly port: number;
  readonly hostIp: string;
  readonly protocol: string;
  readonly container: string;
  /** Name of the Compose project. */
  readonly project?: string;
  /** Name of the service in that Compose project. */
  readonly service?: string;
}

/** A feature that the generated files use, and the version that has it first. */
interface Feature {
  readonly name: string;
  /** What goes wrong without the feature. */
  readonly without: string;
  readonly since: string;
}

/** Versions of the API, which Podman reports, too; 1.44 is Docker Engine 25. */
const OF_ENGINE: readonly Feature[] = [
  {
    name: "healthcheck.start_interval",
    without: "each health check makes its first attempt only after half a minute",
    since: "1.44",
  },
];

const OF_COMPOSE: readonly Feature[] = [
  { name: "depends_on.required", without: "a broken GlitchTip takes your applications down", since: "2.20.2" },
];

const lacking = (features: readonly Feature[], version: string): string[] =>
  features
    .filter(({ since }) => isOlder(version, since))
    .map(({ name, without, since }) => `${name} (since ${since}): ${without}`);

/** Returns a line for each feature that the stack needs and this engine lacks. */
export const missingInEngine = (apiVersion: string): string[] => lacking(OF_ENGINE, apiVersion);

/** Returns a line for each feature that the stack needs and this Compose lacks. */
export const missingInCompose = (version: string): string[] => lacking(OF_COMPOSE, version);

/** Compares the numbers of two versions; a `v` before them and what follows is ignored. Without numbers it is not older. */
function isOlder(version: string, than: string): boolean {
  const numbers = (text: string) => (/\d+(\.\d+)*/.exec(text)?.[0] ?? "").split(".").map(Number);
  if (!/\d/.test(version)) return false;
  const [have, want] = [numbers(version), numbers(than)];
  for (const [i, wanted] of want.entries()) {
    const found = have[i] ?? 0;
    if (found !== wanted) return found < wanted;
  }
  return false;
}
