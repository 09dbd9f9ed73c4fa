import type { FolderUse } from "./folder-uses.ts";

/** Files with DSNs, which `up` writes and Compose reads. */
export const ENV_FOLDER = ".glitchtip/env";

/** `entrypoint` and `command`: a list of words, or a text that Compose splits. */
export type TextOrWords = string | readonly string[];

export interface Dependency {
  readonly condition: "service_started" | "service_healthy" | "service_completed_successfully";
  readonly required?: boolean;
  /** Compose restarts the service, too, where it restarts this one or makes it anew. */
  readonly restart?: true;
}

interface VolumeMount {
  readonly type: "volume";
  readonly source: string;
  readonly target: string;
  readonly read_only?: boolean;
  readonly volume?: { readonly subpath: string } | { readonly nocopy: boolean };
}

interface SecretMount {
  readonly source: string;
  readonly target: string;
}

interface ServiceBuild {
  readonly context?: string;
  readonly additional_contexts?: Readonly<Record<string, string>>;
  readonly args?: Readonly<Record<string, string>>;
}

interface Healthcheck {
  readonly test: readonly string[];
  readonly interval: string;
  readonly timeout: string;
  readonly retries: number;
  readonly start_period: string;
  /** Podman's API does not know it. */
  readonly start_interval?: string;
}

/** The keys of a service whose form is the same in a file and in what Compose prints. */
interface ServiceKeys {
  image: string;
  platform: string;
  user: string;
  /** A program that Compose calls; such a service has no container. */
  provider: object;
  profiles: readonly string[];
  network_mode: string;
  /** Bytes, or a text such as 512m. */
  mem_limit: string | number;
  cpus: string | number;
  pids_limit: number;
  shm_size: string;
  restart: string;
  /** The number of containers. */
  scale: number;
  read_only: boolean;
  privileged: boolean;
  cap_add: readonly string[];
  cap_drop: readonly string[];
  security_opt: readonly string[];
  stop_grace_period: string;
  logging: { readonly driver?: string; readonly options?: Readonly<Record<string, string>> };
}

interface WrittenKeys extends ServiceKeys {
  build: string | ServiceBuild;
  entrypoint: TextOrWords;
  command: TextOrWords;
  working_dir: string;
  environment: Readonly<Record<string, string>>;
  env_file: readonly { readonly path: string; readonly required: boolean }[];
  depends_on: Readonly<Record<string, Dependency>>;
  networks: readonly string[];
  ports: readonly string[];
  volumes: readonly (string | VolumeMount)[];
  tmpfs: readonly string[];
  secrets: readonly (string | SecretMount)[];
  extra_hosts: readonly string[];
  labels: Readonly<Record<string, string>>;
  healthcheck: Healthcheck;
}

interface ResolvedKeys extends ServiceKeys {
  depends_on: Readonly<Record<string, Dependency>>;
  build: { readonly args?: Readonly<Record<string, string | null>> } | null;
  environment: Readonly<Record<string, string | null>>;
  networks: Readonly<Record<string, unknown>> | null;
  ports: readonly ComposePort[];
  secrets: readonly { readonly source: string }[];
  deploy: {
    readonly replicas?: number;
    readonly resources?: { readonly limits?: { readonly memory?: string | number } };
  } | null;
}

/** A service as the generator writes it, with the short forms of Compose. A key that is undefined is not written. */
export type ComposeService = { readonly [Key in keyof WrittenKeys]?: WrittenKeys[Key] | undefined };

/** A service as `docker compose config` prints it, with the long forms. */
export type ResolvedService = { readonly [Key in keyof ResolvedKeys]?: ResolvedKeys[Key] };

export interface ComposePort {
  readonly target: number;
  /** A port or a range; missing where the engine picks one. */
  readonly published?: string;
  readonly host_ip?: string;
  readonly protocol?: string;
  /** The variable that `published` comes from, where a file of ours or the user's was read. */
  readonly variable?: string;
}

/** A secret at the top of a Compose file. */
export type ComposeSecret = { readonly file: string } | { readonly environment: string };

/** A network at the top of a Compose file. */
export interface ComposeNetwork {
  readonly name?: string;
  readonly internal?: boolean;
  readonly external?: boolean;
}

/** What `docker compose config` prints: files merged, variables filled in, every profile on. It holds secrets. */
export interface ComposeConfig {
  readonly name: string;
  readonly services: Readonly<Record<string, ResolvedService>>;
  readonly volumes?: Readonly<Record<string, { readonly name: string; readonly external?: boolean }>>;
  readonly networks?: Readonly<Record<string, ComposeNetwork | null>>;
  readonly secrets?: Readonly<Record<string, { readonly file?: string; readonly environment?: string }>>;
}

/** The parts of a Compose file whose entries have names. */
export const NAMED_PARTS = ["services", "networks", "volumes", "secrets", "configs"] as const;
export type NamedPart = (typeof NAMED_PARTS)[number];

/** Returns an object with a value for each of the named parts. */
export const namesByPart = <T>(valueFor: (part: NamedPart) => T): Record<NamedPart, T> => ({
  services: valueFor("services"),
  networks: valueFor("networks"),
  volumes: valueFor("volumes"),
  secrets: valueFor("secrets"),
  configs: valueFor("configs"),
});

/** A service of the user's Compose files, as far as the generator has to know. */
export interface UserService {
  readonly image?: string;
  readonly platform?: string;
  /** Has a `build`. */
  readonly built?: true;
  /** Is a Compose provider: a program, no container. */
  readonly provider?: true;
  /** The value is in Compose's notation: `$` begins a variable, `$$` is a dollar. */
  readonly entrypoint?: TextOrWords;
  readonly command?: TextOrWords;
  /** The networks that it is in: `default` where it states none. */
  readonly networks: readonly string[];
  readonly networkMode?: string;
  readonly readOnly: boolean;
  /** Names of the variables that `environment` sets. */
  readonly environment: readonly string[];
  readonly envFiles: readonly string[];
  /** What it publishes on ports that are known before it starts. */
  readonly ports?: readonly ComposePort[];
  readonly profiles?: readonly string[];
  /** `NAME=value`, in the order of the files; a later one with the same name counts. */
  readonly labels?: readonly string[];
  /** Folders of the host that come into its image or its container, and its other mounts. */
  readonly folders?: readonly FolderUse[];
  /** "FILE extends ADDRESS": only Compose can read the rest of the service. */
  readonly elsewhere?: string;
}

/** A network at the top of the user's Compose files. */
export interface UserNetwork {
  /** Its name on the engine, where the file states it; else Compose makes one from the Compose project's name. */
  readonly name?: string;
  /** Somebody else makes it. */
  readonly external?: true;
}

/** The user's Compose files, merged. */
export interface UserProject {
  /** The Compose project's name where a file states it. */
  readonly name?: string;
  readonly services: Readonly<Record<string, UserService>>;
  /** "FILE includes ADDRESS", for what only Compose can read. */
  readonly elsewhere?: readonly string[];
  /** The names in the files that come before the stack's. */
  readonly names: Readonly<Record<NamedPart, readonly string[]>>;
  /** The networks of which these files state a name, or that somebody else makes them. */
  readonly networks?: Readonly<Record<string, UserNetwork>>;
}
