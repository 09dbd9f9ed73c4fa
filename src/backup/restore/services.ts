import { CodedError } from "../../base/errors.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import type { WrittenStatus } from "../../outputs/dsn-volume.ts";
import {
  containerOf,
  databaseOf,
  holdPrograms,
  isSingleContainer,
  observeStack,
  resumePrograms,
  stopServices,
} from "../../running/index.ts";
import {
  DATABASE_TOOLS,
  DSN_DIR,
  isStackService,
  ONE_SHOTS,
  PROVISIONER,
  SERVER,
  VALKEY,
  WORKER,
} from "../../stack/service-names.ts";
import type { StackContext } from "../open.ts";

/** Starting and stopping around a restore. */
export interface Services {
  /** Ran when it was looked at, apps too. */
  readonly running: readonly string[];
  /** Some app gets its DSN from the provisioner's container. */
  readonly provisions: boolean;
  databaseRuns(): boolean;
  /** The database runs, and the containers whose volumes are restored exist. */
  prepare(): Promise<void>;
  /** Everything that writes to the database; the queue goes with it. */
  stop(): Promise<void>;
  /** Server and provisioner; throws unless each DSN is the one in this state and was accepted. Gives the apps. */
  startAndProve(state: string | undefined): Promise<readonly string[]>;
  /** These, or all where there are none. */
  startRest(services: readonly string[]): Promise<void>;
}

const PROVE_WITHIN_MS = 300_000;

export async function openServices({ docker, log, signal }: StackContext): Promise<Services> {
  const stack = await observeStack(docker);
  const names = Object.keys(stack.config.services);
  const database = databaseOf(stack.config.services) ?? DATABASE_TOOLS;
  const single = isSingleContainer(stack.config.services);
  const provisions = names.includes(PROVISIONER);
  const writers = names.filter((name) => isStackService(name) && name !== database);
  const running = stack.containers.filter(({ state }) => state === "running").map(({ service }) => service);
  const onLine = (line: string) => /Healthy|Error/.test(line) && log.step(line.trim());
  return {
    running: [...new Set(running)].filter((name) => names.includes(name)),
    provisions,
    databaseRuns: () => containerOf(stack, database)?.state === "running",
    async prepare() {
      await docker.compose.up({ services: [database], onLine });
      await docker.compose.up({
        services: provisions ? [SERVER, PROVISIONER] : [SERVER],
        flags: ["--no-start", "--no-recreate"],
        onLine,
      });
    },
    async stop() {
      if (single) await holdPrograms(docker, containerOf(await observeStack(docker), SERVER));
      if (writers.length === 0) return;
      // A Valkey with a volume would go on with the queue of what is replaced: emptied when nobody fills it any more.
      await stopServices(
        docker,
        writers.filter((name) => name !== VALKEY),
        signal,
      );
      if (!names.includes(VALKEY)) return;
      // Also where it did not run: its volume has the queue.
      await docker.compose.up({ services: [VALKEY], onLine });
      const valkey = containerOf(await observeStack(docker), VALKEY);
      if (valkey !== undefined) await emptied(docker, valkey.id, signal);
      await stopServices(docker, [VALKEY], signal);
    },
    async startAndProve(state) {
      log.step("starting the server");
      const worker = names.includes(WORKER) ? [WORKER] : [];
      if (single) await resumePrograms(docker, signal);
      await docker.compose.up({ services: [SERVER, ...worker], onLine });
      if (!provisions) return [];
      log.step("asking it for the old DSNs");
      await docker.compose.up({
        services: [PROVISIONER],
        flags: ["--detach", "--force-recreate", "--no-deps"],
        onLine,
      });
      return await provedApps(docker, signal, state);
    },
    async startRest(services) {
      if (single) await resumePrograms(docker, signal);
      // Not the one-shots: `up --wait` calls it a failure when one ends that nobody waits for.
      const all = names.filter((name) => !ONE_SHOTS.includes(name) && !stack.config.services[name]?.profiles?.length);
      await docker.compose.up({ services: services.length > 0 ? services : all, onLine });
    },
  };
}

async function emptied(docker: Docker, valkeyId: string, signal: AbortSignal): Promise<void> {
  const { code, stdout, stderr } = await docker.cli(["exec", valkeyId, "valkey-cli", "flushall"], { signal });
  // valkey-cli tells a refusal on stdout, with exit code 0.
  if (code === 0 && stdout.trim() === "OK") return;
  throw new CodedError("GC1605", `the queue in ${VALKEY} cannot be emptied`, {
    problems: lastLines(stderr || stdout, 3),
    remedy: "Its events are of what is replaced. Run the same command again when this is mended.",
  });
}

/** The provisioner asks the server about each known key: a DSN that it publishes was accepted. */
async function provedApps(docker: Docker, signal: AbortSignal, before: string | undefined): Promise<string[]> {
  const stack = await observeStack(docker);
  const provisioner = containerOf(stack, PROVISIONER);
  if (provisioner === undefined) throw new CodedError("GC1605", `${PROVISIONER} has no container`);
  const { stdout } = await docker.cli(["wait", provisioner.id], { deadlineMs: PROVE_WITHIN_MS, signal });
  const read = async (path: string) => JSON.parse((await stack.engine.readFile(provisioner.id, path)) ?? "{}");
  const { error, apps = {} } = (await read(`${DSN_DIR}/status.json`)) as Partial<WrittenStatus>;
  if (stdout.trim() !== "0" || error !== undefined) {
    throw new CodedError("GC1802", "the restored server could not be proved", {
      problems: [
        error === undefined ? `${PROVISIONER} ended with ${stdout.trim()}` : `${error.code}: ${error.message}`,
      ],
      remedy: `docker compose logs --tail 50 ${PROVISIONER}`,
    });
  }
  const changed = changedKeys(before, await read("/state/state.json"));
  if (changed.length === 0) return Object.keys(apps);
  throw new CodedError("GC1802", "the restored server has other DSNs than the backup", {
    problems: changed,
    remedy: "What was there is in use again.",
  });
}

interface Keys {
  readonly projects?: Readonly<Record<string, { readonly id?: string; readonly key?: string }>>;
}

/** Projects of the backup whose id or key is another one now; their keys are not shown. */
function changedKeys(before: string | undefined, { projects = {} }: Keys): string[] {
  const { projects: expected = {} } = JSON.parse(before ?? "{}") as Keys;
  return Object.entries(expected).flatMap(([name, { id, key }]) => {
    const now = projects[name];
    // Undeclared since: the provisioner no longer looks after it.
    if (now === undefined || key === undefined || (now.id === id && now.key === key)) return [];
    return [`${name}: ${now.id === id ? "has another key" : `is project ${now.id} instead of ${id}`}`];
  });
}
