import { CodedError } from "../../base/errors.ts";
import type { Clock } from "../../base/wait.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import { containerOf, isSingleContainer, observeStack, releasePrograms } from "../../running/index.ts";
import { DATABASE, INIT, isStackService, PROVISIONER, SERVER } from "../../stack/service-names.ts";
import { healthLines } from "../stack-services.ts";

interface StackCalls {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  say(text: string): void;
}

const MIGRATED_WITHIN_MS = 3_600_000;

/** Executes the migrations: by the one-shot, or by the start of a single container. */
export async function runMigrations({ docker, signal, say }: StackCalls): Promise<void> {
  if (isSingleContainer((await docker.compose.config()).services)) {
    await releasePrograms(docker, signal);
    // The single container migrates before it serves, and becomes healthy when it serves.
    const flags = ["--detach", "--wait", "--no-deps"];
    await docker.compose.up({ services: [SERVER], flags, onLine: healthLines(say), deadlineMs: MIGRATED_WITHIN_MS });
    return;
  }
  await docker.compose.up({ services: [INIT], flags: ["--detach", "--force-recreate"], onLine: healthLines(say) });
  const init = containerOf(await observeStack(docker), INIT);
  if (init === undefined) throw new CodedError("GC1605", `${INIT} has no container`);
  const { stdout } = await docker.cli(["wait", init.id], { deadlineMs: MIGRATED_WITHIN_MS, signal });
  if (stdout.trim() === "0") return;
  throw new CodedError("GC1605", `the migrations ended with exit code ${stdout.trim()}`, {
    problems: lastLines(await docker.compose.logs([INIT], { tail: 30 }), 5),
  });
}

/** Makes the provisioner prove each key by an event that it reads back, as on its first run. */
export async function forgetProofs(docker: Docker, signal: AbortSignal): Promise<void> {
  const stack = await observeStack(docker);
  if (stack.config.services[PROVISIONER] === undefined) return;
  const { code, stderr } = await docker.compose.run(PROVISIONER, ["-e", FORGET_PROOFS], { entrypoint: "node", signal });
  if (code === 0) return;
  throw new CodedError("GC1605", "the provisioner's state cannot be written", { problems: lastLines(stderr, 3) });
}

const FORGET_PROOFS = `const fs = require("node:fs");
const path = "/state/state.json";
if (fs.existsSync(path)) {
  const state = JSON.parse(fs.readFileSync(path, "utf8"));
  for (const project of Object.values(state.projects ?? {})) delete project.proved;
  fs.writeFileSync(path + ".new", JSON.stringify(state, null, 1) + "\\n", { mode: 0o600 });
  fs.renameSync(path + ".new", path);
}`;

/** Removes the stack's containers whose service is not declared any more, such as Valkey's. No volume is removed. */
export async function removeUndeclaredContainers(docker: Docker): Promise<string[]> {
  const { config, containers } = await observeStack(docker);
  const left = containers.filter(({ service }) => isStackService(service) && config.services[service] === undefined);
  for (const { id } of left) await docker.cli(["rm", "--force", id]);
  return left.map(({ service }) => service);
}

/** Finds the database volumes that no service uses any more: of earlier majors, and of upgrades that failed. */
export async function findOldDatabaseVolumes(
  docker: Docker,
): Promise<{ readonly project: string; readonly volumes: string[] }> {
  const { engine, config } = await observeStack(docker);
  const used = new Set(Object.values(config.volumes ?? {}).map(({ name }) => name));
  const { volumes } = await engine.belongings(config.name);
  const databases = volumes.filter((name) => name.startsWith(`${config.name}_${DATABASE}`));
  return { project: config.name, volumes: databases.filter((name) => !used.has(name)) };
}

/** Deletes volumes for good. */
export async function removeVolumes(docker: Docker, volumes: readonly string[]): Promise<void> {
  const { code, stderr } = await docker.cli(["volume", "rm", ...volumes]);
  if (code === 0) return;
  throw new CodedError("GC1604", "not every volume could be removed", {
    problems: lastLines(stderr, 5),
    remedy: "docker ps -a --filter volume=NAME shows which container uses it.",
  });
}
