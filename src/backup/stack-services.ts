import { CodedError } from "../base/errors.ts";
import { DSN_DIR } from "../config/dsn-volumes.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import type { WrittenStatus } from "../outputs/dsn-volume.ts";
import {
  containerOf,
  databaseOf,
  hasContainers,
  holdPrograms,
  isSingleContainer,
  observeStack,
  type RunningStack,
  resumePrograms,
  stopServices,
  upPatiently,
} from "../running/index.ts";
import {
  DATABASE_TOOLS,
  isStackService,
  ONE_SHOTS,
  PROVISIONER,
  SERVER,
  VALKEY,
  WORKER,
} from "../stack/service-names.ts";
import type { StackContext } from "./stack-sources.ts";

const PROVE_WITHIN_MS = 300_000;

/** Shows the lines of `docker compose up` that tell whether a service became healthy. */
export const healthLines = (say: (text: string) => void) => (line: string) => {
  if (/Healthy|Error/.test(line)) say(line.trim());
};

type ServicesContext = Pick<StackContext, "docker" | "log" | "signal" | "clock">;

/** Stops and starts the services of a stack around a restore or an upgrade. */
export class StackServices {
  readonly #context: ServicesContext;
  readonly #stack: RunningStack;
  readonly #names: readonly string[];
  readonly #database: string;
  /** All of GlitchTip runs in one container, which supervises its programs itself. */
  readonly #isSingle: boolean;
  readonly #onLine: (line: string) => void;

  private constructor(context: ServicesContext, stack: RunningStack) {
    const { services } = stack.config;
    this.#context = context;
    this.#stack = stack;
    this.#names = Object.keys(services);
    this.#database = databaseOf(services) ?? DATABASE_TOOLS;
    this.#isSingle = isSingleContainer(services);
    this.#onLine = healthLines(context.log.step);
  }

  static async open(context: ServicesContext): Promise<StackServices> {
    return new StackServices(context, await observeStack(context.docker));
  }

  /** Services that ran when this was opened, the user's apps included. */
  get running(): readonly string[] {
    const running = this.#stack.containers.filter(({ state }) => state === "running").map(({ service }) => service);
    return [...new Set(running)].filter((name) => this.#names.includes(name));
  }

  /** Whether the stack has a provisioner, which gives the apps their DSN. */
  get provisions(): boolean {
    return this.#names.includes(PROVISIONER);
  }

  get databaseRuns(): boolean {
    return containerOf(this.#stack, this.#database)?.state === "running";
  }

  /**
   * Starts the database and creates the containers whose volumes are written to. Replaces none: web and worker may use the
   * database.
   */
  async prepare(): Promise<void> {
    const { compose } = this.#context.docker;
    const flags = ["--detach", "--wait", "--no-recreate"];
    await compose.up({ services: [this.#database], flags, onLine: this.#onLine });
    await compose.up({
      services: this.provisions ? [SERVER, PROVISIONER] : [SERVER],
      flags: ["--no-start", "--no-recreate"],
      onLine: this.#onLine,
    });
  }

  /** Stops everything that writes to the database, and empties the queue: its jobs belong to the replaced data. */
  async stop(): Promise<void> {
    const { docker, signal } = this.#context;
    if (this.#isSingle) await holdPrograms(docker, containerOf(await observeStack(docker), SERVER));
    const writers = this.#names.filter((name) => isStackService(name) && name !== this.#database);
    if (writers.length === 0) return;
    // Valkey is emptied last, when nobody fills it any more.
    await stopServices(
      docker,
      writers.filter((name) => name !== VALKEY),
      signal,
    );
    if (!this.#names.includes(VALKEY)) return;
    // A Valkey that does not run has to be started for this: its volume holds the queue.
    await docker.compose.up({ services: [VALKEY], onLine: this.#onLine });
    const valkey = containerOf(await observeStack(docker), VALKEY);
    if (valkey !== undefined) await emptyQueue(docker, valkey.id, signal);
    await stopServices(docker, [VALKEY], signal);
  }

  /**
   * Starts the server and the provisioner, and returns the apps whose DSN the server has accepted. Throws GC1802 unless
   * each key is the one in `state`, the provisioner's state.json. `prepareServer` is called before the provisioner starts.
   */
  async startAndProve(state: string | undefined, prepareServer?: () => Promise<void>): Promise<readonly string[]> {
    const { docker, log, signal } = this.#context;
    log.step("starting the server");
    const worker = this.#names.includes(WORKER) ? [WORKER] : [];
    if (this.#isSingle) await resumePrograms(docker, signal);
    await upPatiently(this.#context, () => docker.compose.up({ services: [SERVER, ...worker], onLine: this.#onLine }));
    await prepareServer?.();
    if (!this.provisions) return [];
    log.step("checking that the server has the old DSNs");
    await docker.compose.up({
      services: [PROVISIONER],
      flags: ["--detach", "--force-recreate", "--no-deps"],
      onLine: this.#onLine,
    });
    return await provedApps(docker, signal, state);
  }

  /** Starts these services, or all where none is named. */
  async start(services: readonly string[]): Promise<void> {
    const { docker, signal } = this.#context;
    if (this.#isSingle) await resumePrograms(docker, signal);
    const known = this.#stack.config.services;
    // Without the one-shots: `up --wait` reports a failure when one ends that no other service waits for.
    const all = this.#names.filter((name) => {
      const service = known[name] ?? {};
      return !ONE_SHOTS.includes(name) && hasContainers(service) && !service.profiles?.length;
    });
    await upPatiently(this.#context, () =>
      docker.compose.up({ services: services.length > 0 ? services : all, onLine: this.#onLine }),
    );
  }

  /** Like `start`, but only warns of a failure: the data is proved by now, and an app that fails does not change that. */
  async startOrWarn(services: readonly string[]): Promise<void> {
    const { log, signal } = this.#context;
    await this.start(services).catch((error: unknown) => {
      signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      log.warn(`not everything runs: ${error.message}; see docker compose ps`);
    });
  }
}

async function emptyQueue(docker: Docker, valkeyId: string, signal: AbortSignal): Promise<void> {
  const { code, stdout, stderr } = await docker.cli(["exec", valkeyId, "valkey-cli", "flushall"], { signal });
  // valkey-cli reports a refusal on stdout, with exit code 0.
  if (code === 0 && stdout.trim() === "OK") return;
  throw new CodedError("GC1605", `the queue in ${VALKEY} cannot be emptied`, {
    problems: lastLines(stderr || stdout, 3),
    remedy: "It holds events of the data that is being replaced. Once this is fixed, run the same command again.",
  });
}

/** Returns the apps whose DSN was published: the provisioner publishes a DSN after the server has accepted its key. */
async function provedApps(docker: Docker, signal: AbortSignal, stateBefore: string | undefined): Promise<string[]> {
  const stack = await observeStack(docker);
  const provisioner = containerOf(stack, PROVISIONER);
  if (provisioner === undefined) throw new CodedError("GC1605", `${PROVISIONER} has no container`);
  const { stdout } = await docker.cli(["wait", provisioner.id], { deadlineMs: PROVE_WITHIN_MS, signal });
  const read = async (path: string) => JSON.parse((await stack.engine.readFile(provisioner.id, path)) ?? "{}");
  const { error, apps = {} } = (await read(`${DSN_DIR}/status.json`)) as Partial<WrittenStatus>;
  if (stdout.trim() !== "0" || error !== undefined) {
    throw new CodedError("GC1802", "the restored server did not pass its check", {
      problems: [
        error === undefined ? `${PROVISIONER} ended with ${stdout.trim()}` : `${error.code}: ${error.message}`,
      ],
      remedy: `docker compose logs --tail 50 ${PROVISIONER}`,
    });
  }
  const changed = changedKeys(stateBefore, await read("/state/state.json"));
  if (changed.length === 0) return Object.keys(apps);
  throw new CodedError("GC1802", "the restored server has other DSNs than the backup", {
    problems: changed,
    remedy: "The previous data is in use again.",
  });
}

interface StoredKeys {
  readonly projects?: Readonly<Record<string, { readonly id?: string; readonly key?: string }>>;
}

/** Returns a line for each project whose id or key differs from the one before. The keys themselves are not shown. */
function changedKeys(before: string | undefined, { projects = {} }: StoredKeys): string[] {
  const { projects: expected = {} } = JSON.parse(before ?? "{}") as StoredKeys;
  return Object.entries(expected).flatMap(([name, { id, key }]) => {
    const now = projects[name];
    // A project that is no longer declared is not looked after by the provisioner any more.
    if (now === undefined || key === undefined || (now.id === id && now.key === key)) return [];
    return [`${name}: ${now.id === id ? "has another key" : `is project ${now.id} instead of ${id}`}`];
  });
}
