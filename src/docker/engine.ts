/** What we ask of a Docker engine: small, so that a test can be one. */
export interface Engine {
  ping(signal: AbortSignal): Promise<void>;
  version(): Promise<EngineVersion>;
  info(): Promise<EngineInfo>;
  /** Every container of a Compose project, stopped and one-off ones too. */
  containers(project: string): Promise<Container[]>;
  /** Ports published by running containers of any project. */
  publishedPorts(): Promise<PublishedPort[]>;
  /** Networks and volumes that carry a Compose project's label. */
  belongings(project: string): Promise<{ readonly networks: string[]; readonly volumes: string[] }>;
  /** Kills and removes a container, by name or id. */
  remove(container: string): Promise<void>;
  /** A file as the container sees it, through its volumes, running or not; undefined where there is none. */
  readFile(containerId: string, path: string): Promise<string | undefined>;
  /** Of a running container, as of now, without the page cache that would be given back; undefined where it does not run. */
  memory(containerId: string): Promise<Memory | undefined>;
}

export interface Memory {
  readonly usedBytes: number;
  /** The machine's where the container has none of its own. */
  readonly limitBytes: number;
}

export interface EngineVersion {
  /** `Docker Engine` or `Podman Engine`, with the version. */
  readonly product: string;
  readonly version: string;
  readonly apiVersion: string;
}

export interface EngineInfo {
  readonly memoryBytes: number;
  /** The engine's clock, epoch milliseconds. */
  readonly nowMs: number;
  readonly rootDir: string;
  /** Equal to this machine's where the engine runs on this very kernel. */
  readonly kernel: string;
}

export type Health = "starting" | "healthy" | "unhealthy";

export interface Container {
  readonly id: string;
  readonly name: string;
  /** By Compose's label. */
  readonly service: string;
  /** Made by `compose run`, not part of what `up` keeps. */
  readonly oneOff: boolean;
  /** created, running, paused, restarting, removing, exited, dead */
  readonly state: string;
  /** Undefined without a health check. */
  readonly health?: Health;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly restarts: number;
  /** Epoch milliseconds of the last change of state; undefined when it never started. */
  readonly sinceMs?: number;
  readonly image: string;
  /** Compose's mark of the settings it was made with. */
  readonly configHash?: string;
  readonly entrypoint: readonly string[];
  readonly networkMode: string;
  readonly networkIds: readonly string[];
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

/** A feature that the generated files use, and what brought it. */
interface Feature {
  readonly name: string;
  /** What goes wrong without it. */
  readonly without: string;
  readonly since: string;
}

/** By the API's version, which other engines than Docker's tell as well; 1.44 is Docker Engine 25. */
const OF_ENGINE: readonly Feature[] = [
  {
    name: "healthcheck.start_interval",
    without: "each health check waits half a minute for its first look",
    since: "1.44",
  },
];

const OF_COMPOSE: readonly Feature[] = [
  { name: "depends_on.required", without: "a broken GlitchTip takes your applications down", since: "2.20.2" },
  { name: "configs.content", without: "the wrapper does not get into your applications", since: "2.23.1" },
];

const lacking = (features: readonly Feature[], version: string): string[] =>
  features
    .filter(({ since }) => isOlder(version, since))
    .map(({ name, without, since }) => `${name} (since ${since}): ${without}`);

/** What this engine cannot do that the stack needs, one line each. */
export const missingInEngine = (apiVersion: string): string[] => lacking(OF_ENGINE, apiVersion);

/** What this Compose cannot do that the stack needs, one line each. */
export const missingInCompose = (version: string): string[] => lacking(OF_COMPOSE, version);

/** By their numbers; a `v` before them and anything after is left out. A version that tells none is not older. */
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
