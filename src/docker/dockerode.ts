import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createConnection } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type Dockerode from "dockerode";
import { onAbort } from "../base/abort.ts";
import { defined } from "../base/defined.ts";
import {
  CONFIG_FILES_LABEL,
  INSTANCE_LABEL,
  PROJECT_LABEL,
  SERVICE_LABEL,
  VOLUME_LABEL,
  WORKING_DIR_LABEL,
} from "../compose/labels.ts";
import { lastLines } from "./cli.ts";
import { rememberNames } from "./container-names.ts";
import type { Container, Engine, StackMark } from "./engine.ts";
import type { EngineAddress } from "./places.ts";
import { ANSWERS_WITHIN_MS, explaining } from "./silence.ts";
import { firstFileOf } from "./tar.ts";

const HEALTH = ["starting", "healthy", "unhealthy"] as const;
const CONFIG_HASH = "com.docker.compose.config-hash";

/** Loads dockerode only when it is called, because many commands need no engine. */
export async function connect(address: EngineAddress): Promise<Dockerode> {
  const { default: Docker } = await import("dockerode");
  return new Docker(connection(address));
}

/** Rejects as a request would where nobody listens at a Unix socket: without an engine, dockerode is not worth loading. */
export async function openEngine(address: EngineAddress): Promise<Engine> {
  const path = socketOf(address.host);
  if (path !== undefined) {
    const socket = createConnection(path);
    try {
      await once(socket, "connect");
    } finally {
      socket.destroy();
    }
  }
  return explaining(engineOf(await connect(address)), address);
}

const socketOf = (host: string): string | undefined => /^(?:unix|npipe):\/\/(.+)$/.exec(host)?.[1];

/** States every field: dockerode reads missing ones from DOCKER_HOST. */
function connection({ host, tlsDir }: EngineAddress): Dockerode.DockerOptions {
  const none = {
    host: undefined,
    port: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
    timeout: ANSWERS_WITHIN_MS,
  };
  const socket = socketOf(host);
  if (socket !== undefined) return { ...none, protocol: "http", socketPath: socket };
  const url = new URL(host.includes("://") ? host : `tcp://${host}`);
  const target = { ...none, host: url.hostname };
  if (url.protocol === "ssh:") {
    const login = url.username === "" ? {} : { username: decodeURIComponent(url.username) };
    return { ...target, ...login, protocol: "ssh", port: url.port || "22" };
  }
  const secured = tlsDir !== undefined || url.port === "2376";
  const pem = (name: string) => readFileSync(join(tlsDir ?? "", `${name}.pem`), "utf8");
  return {
    ...target,
    protocol: secured ? "https" : "http",
    port: url.port || (secured ? "2376" : "2375"),
    ...(tlsDir === undefined ? {} : { ca: pem("ca"), cert: pem("cert"), key: pem("key") }),
  };
}

function engineOf(docker: Dockerode): Engine {
  const ofProject = (project: string) => ({ label: [`${PROJECT_LABEL}=${project}`] });
  return {
    async ping(signal) {
      // dockerode's ping takes no signal.
      await new Promise<void>((resolve, reject) => {
        const cancel = onAbort(signal, () => reject(new Error("no answer in time")));
        docker
          .ping()
          .then(() => resolve(), reject)
          .finally(cancel);
      });
    },
    async version() {
      const { Version, ApiVersion, Components } = await docker.version();
      const product = Components?.[0]?.Name ?? "Docker Engine";
      return { product: product === "Engine" ? "Docker Engine" : product, version: Version, apiVersion: ApiVersion };
    },
    async info() {
      const { MemTotal, SystemTime, DockerRootDir, KernelVersion } = await docker.info();
      return {
        memoryBytes: Number(MemTotal),
        nowMs: Date.parse(SystemTime),
        rootDir: String(DockerRootDir),
        kernel: String(KernelVersion),
      };
    },
    async containers(project) {
      const list = await docker.listContainers({ all: true, filters: ofProject(project) });
      const inspected = await Promise.all(
        list.map(({ Id }) => docker.getContainer(Id).inspect().catch(goneIsUndefined)),
      );
      const containers = inspected.filter((one) => one !== undefined).map(containerOf);
      rememberNames(containers);
      return containers;
    },
    async publishedPorts() {
      const list = await docker.listContainers();
      return list.flatMap(({ Names, Labels, Ports }) =>
        Ports.filter(({ PublicPort }) => PublicPort).map(({ PublicPort, IP, Type }) => ({
          port: PublicPort,
          hostIp: IP ?? "0.0.0.0",
          protocol: Type,
          container: nameOf(Names[0]),
          ...defined({ project: Labels[PROJECT_LABEL], service: Labels[SERVICE_LABEL] }),
        })),
      );
    },
    async belongings(project) {
      const filters = ofProject(project);
      const [networks, volumes] = await Promise.all([
        docker.listNetworks({ filters }),
        docker.listVolumes({ filters }),
      ]);
      return {
        networks: networks.map(({ Name }) => Name).sort(),
        volumes: (volumes.Volumes ?? []).map(({ Name }) => Name).sort(),
      };
    },
    async marks(of) {
      const label = "project" in of ? `${PROJECT_LABEL}=${of.project}` : `${INSTANCE_LABEL}=${of.instance}`;
      const filters = { label: [label] };
      const [containers, volumes] = await Promise.all([
        docker.listContainers({ all: true, filters }),
        docker.listVolumes({ filters }),
      ]);
      return [
        ...containers.map(({ Names, Labels }) => markOf("container", nameOf(Names[0]), Labels ?? {})),
        ...(volumes.Volumes ?? []).map(({ Name, Labels }) => markOf("volume", Name, Labels ?? {})),
      ];
    },
    async remove(container) {
      await docker.getContainer(container).remove({ force: true, v: true });
    },
    async readFile(containerId, path) {
      const archive = await docker.getContainer(containerId).getArchive({ path }).catch(goneIsUndefined);
      return archive && firstFileOf(await buffer(archive as Readable));
    },
    async withVolumes(image, volumes, look) {
      const binds = Object.entries(volumes).map(([path, volume]) => `${volume}:${path}:ro`);
      const made = await docker.createContainer({ Image: image, HostConfig: { Binds: binds, NetworkMode: "none" } });
      try {
        return await look(made.id);
      } finally {
        // With the anonymous volumes that the image declares.
        await made.remove({ force: true, v: true }).catch(goneIsUndefined);
      }
    },
    async imageStart(reference, platform) {
      // An engine older than API 1.49 takes no notice of the platform: it has one image a name.
      const options = platform === undefined ? {} : platformQuery(platform);
      const found = await docker.getImage(reference).inspect(options).catch(goneIsUndefined);
      return found && { entrypoint: words(found.Config.Entrypoint), command: words(found.Config.Cmd) };
    },
    async seesPath(path) {
      // The engine checks the mount before it looks for the image, so nothing is made.
      const mount = { Type: "bind", Source: path, Target: "/folder", ReadOnly: true } as const;
      const probe = { Image: "glitchtip-compose/no-such-image:none", HostConfig: { Mounts: [mount] } };
      try {
        await (await docker.createContainer(probe)).remove();
        return true;
      } catch (error) {
        return !/bind source path does not exist/.test(String(error));
      }
    },
    async hasNetwork(name) {
      return (await docker.getNetwork(name).inspect().catch(goneIsUndefined)) !== undefined;
    },
    async hasVolume(name) {
      return (await docker.getVolume(name).inspect().catch(goneIsUndefined)) !== undefined;
    },
    async fileTimeMs(containerId, path) {
      const found = await docker.getContainer(containerId).infoArchive({ path }).catch(goneIsUndefined);
      const stat = (found as IncomingMessage | undefined)?.headers["x-docker-container-path-stat"];
      if (typeof stat !== "string") return undefined;
      return Date.parse((JSON.parse(Buffer.from(stat, "base64").toString("utf8")) as { mtime: string }).mtime);
    },
    async memory(containerId) {
      const options = { stream: false, "one-shot": true } as const;
      const found = await docker.getContainer(containerId).stats(options).catch(goneIsUndefined);
      const { usage, limit, stats } = found?.memory_stats ?? {};
      if (usage === undefined || limit === undefined) return undefined;
      // Of cgroup v2 and v1: what `docker stats` subtracts, too.
      const cache =
        stats?.inactive_file ?? (stats as { total_inactive_file?: number } | undefined)?.total_inactive_file ?? 0;
      return { usedBytes: Math.max(0, usage - cache), limitBytes: limit };
    },
  };
}

function markOf(kind: StackMark["kind"], name: string, labels: Readonly<Record<string, string>>): StackMark {
  return {
    kind,
    name,
    project: labels[PROJECT_LABEL] ?? "",
    key: labels[kind === "container" ? SERVICE_LABEL : VOLUME_LABEL] ?? "",
    ...defined({ folder: labels[WORKING_DIR_LABEL], instance: labels[INSTANCE_LABEL] }),
  };
}

function platformQuery(platform: string): Dockerode.ImageInspectOptions {
  const [os, architecture, variant] = platform.split("/");
  const wanted = { os, architecture, ...defined({ variant }) };
  return { platform: JSON.stringify(wanted) } as Dockerode.ImageInspectOptions;
}

/** Docker says a list; Podman has said a text for some images. */
const words = (value: string | readonly string[] | null | undefined): readonly string[] =>
  typeof value === "string" ? [value] : (value ?? []);

const nameOf = (name: string | undefined): string => (name ?? "").replace(/^\//, "");

function containerOf(found: Dockerode.ContainerInspectInfo): Container {
  const { State, Config, HostConfig, NetworkSettings } = found;
  const changed = Date.parse(State.Running ? State.StartedAt : State.FinishedAt);
  const health = State.Health?.Status;
  const entrypoint = Config.Entrypoint ?? [];
  const startError = lastLine((State as { readonly Error?: string }).Error);
  return {
    id: found.Id,
    name: nameOf(found.Name),
    service: Config.Labels[SERVICE_LABEL] ?? "",
    oneOff: Config.Labels["com.docker.compose.oneoff"] === "True",
    state: State.Status,
    ...defined({ health: HEALTH.find((known) => known === health) }),
    exitCode: State.ExitCode,
    ...defined({ healthOutput: health === "healthy" ? undefined : lastHealthOutput(State.Health) }),
    ...(startError && { startError }),
    oomKilled: State.OOMKilled,
    restarts: found.RestartCount,
    // The engine reports the year 1 for "never".
    ...defined({ sinceMs: changed > 0 ? changed : undefined }),
    image: Config.Image,
    ...defined({ configFiles: Config.Labels[CONFIG_FILES_LABEL]?.split(","), configHash: Config.Labels[CONFIG_HASH] }),
    entrypoint: typeof entrypoint === "string" ? [entrypoint] : entrypoint,
    networkMode: HostConfig.NetworkMode ?? "",
    networkIds: Object.values(NetworkSettings.Networks).map(({ NetworkID }) => NetworkID),
    networks: Object.keys(NetworkSettings.Networks),
    mounts: (found.Mounts ?? []).map(({ Type, Name, Destination }) => ({
      path: Destination,
      ...defined({ volume: Type === "volume" ? Name : undefined }),
    })),
    volumes: (found.Mounts ?? []).flatMap(({ Type, Name }) => (Type === "volume" && Name !== undefined ? [Name] : [])),
  };
}

/** Returns the last line of a text from outside, cleaned. */
const lastLine = (text: string | undefined): string | undefined => lastLines(text ?? "", 1)[0];

const lastHealthOutput = (health: { readonly Log?: readonly { readonly Output: string }[] } | undefined) =>
  lastLine(health?.Log?.at(-1)?.Output);

/** Returns undefined for a 404: the object was removed meanwhile, or there is no such file. */
function goneIsUndefined(error: unknown): undefined {
  if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return undefined;
  throw error;
}
