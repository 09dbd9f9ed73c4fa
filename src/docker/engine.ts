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
  readonly project?: string;
}
