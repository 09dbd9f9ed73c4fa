import { PassThrough, type Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import type Dockerode from "dockerode";
import { type ProcessResult, runProcess } from "../../../src/base/process.ts";
import { PROJECT_LABEL, SERVICE_LABEL } from "../../../src/compose/labels.ts";
import { connect, openEngine } from "../../../src/docker/dockerode.ts";
import { locateEngine } from "../../../src/docker/locate.ts";
import { firstFileOf } from "../../../src/docker/tar.ts";

/** What `docker inspect` says of a container, as far as tests ask. */
export interface InspectedContainer {
  readonly Id: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly ExitCode: number;
    readonly Pid: number;
    readonly Health?: { readonly Status: string };
  };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly Mounts: readonly { readonly Name?: string; readonly Destination: string; readonly RW: boolean }[];
  readonly HostConfig: {
    readonly Memory: number;
    readonly PidsLimit: number | null;
    readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly Gateway: string }>>;
    readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>;
  };
}

/**
 * What tests ask the engine about a Compose project, by its API: each `docker compose` is three processes, which cost more
 * CPU time than all containers of the tests do.
 */
export class EngineApi {
  readonly #composeProject: string;

  constructor(composeProject: string) {
    this.#composeProject = composeProject;
  }

  /** Returns the containers by name, also stopped and one-off ones; without a service of all services. */
  async containers(service?: string): Promise<InspectedContainer[]> {
    const docker = await engine();
    const inspected = await Promise.all(
      (await this.#list(service)).map(({ Id }) => docker.getContainer(Id).inspect().catch(goneIsUndefined)),
    );
    return inspected.filter((one) => one !== undefined) as unknown as InspectedContainer[];
  }

  /** Does what `docker compose exec -T` does. */
  async exec(service: string, command: readonly string[]): Promise<ProcessResult> {
    const found = (await this.#list(service)).find(({ State, Labels }) => State === "running" && !isOneOff(Labels));
    if (found === undefined) return failed(1, `service "${service}" is not running`);
    return await execIn(found.Id, command);
  }

  /** Returns what the containers of these services, or of all, wrote to both streams. */
  async logs(services: readonly string[]): Promise<string> {
    const docker = await engine();
    const wanted = services.length === 0 ? [undefined] : services;
    const lists = await Promise.all(wanted.map((service) => this.#list(service)));
    const texts = lists
      .flat()
      .filter(({ Labels }) => !isOneOff(Labels))
      .map(({ Id }) => logsOf(docker.getContainer(Id)));
    return (await Promise.all(texts)).join("");
  }

  /** Returns a file of a volume. Its container is only created: the engine reads the file itself. */
  readVolume(volume: string, path: string): Promise<string> {
    return this.#withVolume(volume, ["true"], async (container) => {
      const archive = await container.getArchive({ path: `/volume/${path}` });
      const content = firstFileOf(await buffer(archive as Readable));
      if (content === undefined) throw new Error(`${path} in ${volume} is no regular file`);
      return content;
    });
  }

  /** Returns what a command says that sees the volume read-only below /volume. */
  inVolume(volume: string, command: readonly string[]): Promise<string> {
    return this.#withVolume(volume, command, async (container) => {
      await container.start();
      const { StatusCode } = await container.wait();
      const output = await logsOf(container);
      if (StatusCode !== 0) throw new Error(`${command.join(" ")} in ${volume} ended with ${StatusCode}\n${output}`);
      return output;
    });
  }

  async #withVolume<T>(
    volume: string,
    command: readonly string[],
    use: (container: Dockerode.Container) => Promise<T>,
  ): Promise<T> {
    const container = await (await engine()).createContainer({
      Image: "busybox:1",
      Cmd: [...command],
      // The label makes it go with the Compose project, should this process be killed.
      Labels: { [PROJECT_LABEL]: this.#composeProject },
      HostConfig: { Binds: [`${this.#composeProject}_${volume}:/volume:ro`], NetworkMode: "none" },
    });
    try {
      return await use(container);
    } finally {
      await container.remove({ force: true, v: true });
    }
  }

  async #list(service?: string): Promise<Dockerode.ContainerInfo[]> {
    const label = [
      `${PROJECT_LABEL}=${this.#composeProject}`,
      ...(service === undefined ? [] : [`${SERVICE_LABEL}=${service}`]),
    ];
    const found = await (await engine()).listContainers({ all: true, filters: { label } });
    return found.sort((a, b) => ((a.Names[0] ?? "") < (b.Names[0] ?? "") ? -1 : 1));
  }
}

/** Does what `docker exec` does in a container that is given by name or id. */
async function execIn(container: string, command: readonly string[]): Promise<ProcessResult> {
  const options = { Cmd: [...command], AttachStdout: true, AttachStderr: true };
  const started = (await engine()).getContainer(container).exec(options);
  const exec = await started.catch((error: unknown) => failed(1, String(error)));
  if ("code" in exec) return exec;
  const stream = await exec.start({}).catch((error: unknown) => failed(126, String(error)));
  if ("code" in stream) return stream;
  const output = await demuxed(stream);
  // The container may have been removed meanwhile, and the command with it.
  const ended = await exec.inspect().catch(goneIsUndefined);
  return { code: ended?.ExitCode ?? 137, signal: null, ...output };
}

let opened: Promise<Dockerode> | undefined;

/** The engine that the docker program uses. */
function engine(): Promise<Dockerode> {
  opened ??= (async () => {
    const { signal } = new AbortController();
    const { address } = await locateEngine({ env: process.env, run: runProcess, signal, open: openEngine });
    const docker = await connect(address);
    // A command may be silent for minutes; the test has a deadline of its own.
    Object.assign(docker.modem, { timeout: undefined });
    return docker;
  })();
  return opened;
}

const isOneOff = (labels: Readonly<Record<string, string>>) => labels["com.docker.compose.oneoff"] === "True";

const failed = (code: number, stderr: string): ProcessResult => ({ code, signal: null, stdout: "", stderr });

async function demuxed(stream: NodeJS.ReadableStream): Promise<{ stdout: string; stderr: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  (await engine()).modem.demuxStream(stream, out, err);
  // Without an error of its own: where the connection ends early, the exit code tells.
  stream.on("error", () => {});
  for (const event of ["end", "close"]) stream.once(event, () => [out, err].map((one) => one.end()));
  const [stdout, stderr] = await Promise.all([text(out), text(err)]);
  return { stdout, stderr };
}

/** Both streams in the order in which they were written. */
async function logsOf(container: Dockerode.Container): Promise<string> {
  const raw = await container.logs({ stdout: true, stderr: true, follow: false }).catch(goneIsUndefined);
  if (raw === undefined) return "";
  const chunks: Buffer[] = [];
  // Each frame begins with a header of eight bytes; the last four are its length.
  for (let at = 0; at + 8 <= raw.length; at += 8 + raw.readUInt32BE(at + 4)) {
    chunks.push(raw.subarray(at + 8, at + 8 + raw.readUInt32BE(at + 4)));
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A container may be removed between the list and the question. */
function goneIsUndefined(error: unknown): undefined {
  if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return undefined;
  throw error;
}
