import { CodedError } from "../../base/errors.ts";
import type { Clock } from "../../base/wait.ts";
import { waitUntil } from "../../base/wait.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import { type JobQueue, VALKEY_LISTS } from "../../glitchtip/versions.ts";
import {
  containerOf,
  databaseContainerOf,
  isSingleContainer,
  observeStack,
  readBacklog,
  releasePrograms,
  stopServices,
} from "../../running/index.ts";
import { INIT, isStackService, PROVISIONER, PROXY, SERVER, VALKEY, WORKER } from "../../stack/service-names.ts";

interface StackCalls {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  say(text: string): void;
}

const MIGRATED_WITHIN_MS = 3_600_000;
const DRAINED_WITHIN_MS = 120_000;

/** What takes events. */
const SERVED = [PROXY, SERVER];

/**
 * Nothing more comes in, and what came is worked off: another generation does not read the queue of the one before.
 * Only where a worker of its own does that.
 */
export async function drain({ docker, clock, signal, say }: StackCalls, queue: JobQueue): Promise<void> {
  const stack = await observeStack(docker);
  const single = isSingleContainer(stack.config.services);
  const worker = containerOf(stack, single ? SERVER : WORKER);
  if (worker?.state !== "running") return;
  const served = SERVED.filter((name) => stack.config.services[name] !== undefined);
  if (single) await docker.cli(["exec", worker.id, "programs", "stop", "web"], { signal });
  else await stopServices(docker, served, signal);
  say("letting the worker finish");
  await waitUntil({
    clock,
    signal,
    deadlineMs: DRAINED_WITHIN_MS,
    say: () => say("the worker still has jobs"),
    async attempt() {
      const jobs = await waiting(docker, queue, clock.now());
      return jobs === undefined || jobs === 0 ? true : undefined;
    },
    late: () =>
      new CodedError("GC1605", "the worker does not work off its queue, and the next GlitchTip would not read it", {
        remedy: "Look at it with: npx glitchtip-compose logs worker, then: npx glitchtip-compose restart worker",
      }),
  });
}

/** In Valkey or in the database, wherever the queue is; undefined where neither tells. */
async function waiting(docker: Docker, queue: JobQueue, nowMs: number): Promise<number | undefined> {
  const stack = await observeStack(docker);
  const { services } = stack.config;
  const inside = isSingleContainer(services) && services[SERVER]?.environment?.VALKEY_URL ? SERVER : VALKEY;
  const valkey = containerOf(stack, inside);
  if (valkey?.state === "running") {
    const lengths = [
      ...VALKEY_LISTS[queue].map((key) => `LLEN '${key}'`),
      ...(queue === "celery" ? ["HLEN unacked"] : []),
    ];
    const count = `echo $((${lengths.map((length) => `$(valkey-cli ${length})`).join(" + ")}))`;
    const { code, stdout } = await docker.cli(["exec", valkey.id, "sh", "-c", count]);
    return code === 0 ? Number(stdout.trim()) : undefined;
  }
  const backlog = await readBacklog(docker, databaseContainerOf(stack), queue, nowMs);
  return backlog.known ? backlog.waiting : undefined;
}

/** Runs the one-shot that migrates, to its end. */
export async function migrate({ docker, signal, say }: StackCalls): Promise<void> {
  if (isSingleContainer((await docker.compose.config()).services)) {
    await releasePrograms(docker, signal);
    // It migrates before it serves, and is healthy when it does.
    const flags = ["--detach", "--wait", "--no-deps"];
    await docker.compose.up({ services: [SERVER], flags, onLine: healthOnly(say), deadlineMs: MIGRATED_WITHIN_MS });
    return;
  }
  await docker.compose.up({ services: [INIT], flags: ["--detach", "--force-recreate"], onLine: healthOnly(say) });
  const init = containerOf(await observeStack(docker), INIT);
  if (init === undefined) throw new CodedError("GC1605", `${INIT} has no container`);
  const { stdout } = await docker.cli(["wait", init.id], { deadlineMs: MIGRATED_WITHIN_MS, signal });
  if (stdout.trim() === "0") return;
  throw new CodedError("GC1605", `the migrations ended with exit code ${stdout.trim()}`, {
    problems: lastLines(await docker.compose.logs([INIT], { tail: 30 }), 5),
  });
}

/** The provisioner then proves each key by an event that it reads back, as on its first run. */
export async function forgetProofs(docker: Docker, signal: AbortSignal): Promise<void> {
  const stack = await observeStack(docker);
  if (stack.config.services[PROVISIONER] === undefined) return;
  const { code, stderr } = await docker.compose.run(PROVISIONER, ["-e", FORGET], { entrypoint: "node", signal });
  if (code === 0) return;
  throw new CodedError("GC1605", "the provisioner's memory cannot be written", { problems: lastLines(stderr, 3) });
}

const FORGET = `const fs = require("node:fs");
const path = "/state/state.json";
if (fs.existsSync(path)) {
  const state = JSON.parse(fs.readFileSync(path, "utf8"));
  for (const project of Object.values(state.projects ?? {})) delete project.proved;
  fs.writeFileSync(path + ".new", JSON.stringify(state, null, 1) + "\\n", { mode: 0o600 });
  fs.renameSync(path + ".new", path);
}`;

/** Containers of ours whose service is no more, as Valkey's or the worker's; no volume goes with them. */
export async function removeLeftovers(docker: Docker): Promise<string[]> {
  const { config, containers } = await observeStack(docker);
  const left = containers.filter(({ service }) => isStackService(service) && config.services[service] === undefined);
  for (const { id } of left) await docker.cli(["rm", "--force", id]);
  return left.map(({ service }) => service);
}

const healthOnly = (say: (text: string) => void) => (line: string) => {
  if (/Healthy|Error/.test(line)) say(line.trim());
};
