import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import type { Clock } from "../base/wait.ts";
import { hostApps } from "../config/app-sources.ts";
import type { Declaration } from "../config/schema.ts";
import { resolveServer } from "../config/server.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { writeAppEnvFiles } from "../outputs/app-env-files.ts";
import { composeEnvFile } from "../outputs/env-file.ts";
import { ENV_FOLDER } from "../stack/managed-files.ts";
import { PROVISIONER, WORKER } from "../stack/service-names.ts";
import { OUTLIVED, queueInDatabase, readBacklog, workerOutlivesDatabase } from "./backlog.ts";
import { databaseOutsideVolumes } from "./database-place.ts";
import { removeOldDsnVolumes } from "./down.ts";
import { followProvisioner } from "./host-apps.ts";
import { jobQueueOf, pauseIntake, resumeIntake } from "./intake.ts";
import { containerOf, databaseContainerOf, observeStack } from "./observe.ts";
import { upPatiently } from "./patient-up.ts";
import { readDsnFile } from "./state.ts";
import { startUsersServices } from "./users-services.ts";
import { proveRestartedWorker } from "./worker-proof.ts";

export interface StartContext {
  readonly dir: string;
  readonly docker: Docker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  say(line: string): void;
  warn(line: string): void;
}

export interface StartResult {
  /** Paths of env files that are new or have changed. */
  readonly written: readonly string[];
  /** Apps with `inject: env-file` that have no DSN yet: they start without reporting. */
  readonly without: readonly string[];
}

/**
 * Runs `docker compose up`. When apps take their DSN from an env file it runs the provisioner first, because Compose
 * reads env files before it starts anything. Where the engine refuses a container of ours, the user's services are
 * started by themselves; the error is thrown all the same.
 */
export async function startStack(context: StartContext, declaration: Declaration): Promise<StartResult> {
  const { dir, docker, say } = context;
  const { apps } = declaration;
  const names = Object.keys(apps).filter((name) => apps[name]?.inject === "env-file");
  await docker.located();
  let paused: readonly string[] = [];
  try {
    paused = await pauseForDatabase(context, declaration);
    // Else the provisioner would wait in vain for its event.
    await renewWorker(context, declaration);
    const result = names.length === 0 ? { written: [], without: [] } : await writeEnvFiles(dir, docker, names, say);
    await upPatiently(context, () => docker.compose.up({ onLine: say }));
    await removeOldDsnVolumes(docker);
    await renewWorker(context, declaration);
    const written = [...result.written, ...(await writeForHost(context, declaration))];
    await proveRestartedWorker(context);
    return { ...result, written };
  } catch (error) {
    if (error instanceof CodedError && error.code === "GC1604") {
      await resumeIntake(context, paused).catch(expectedOnly);
      await startUsersServices(context);
      // The provisioner may have done its part, and the failure of `up` is the one to report.
      await writeForHost(context, declaration).catch(expectedOnly);
    }
    throw error;
  }
}

const expectedOnly = (error: unknown): void => {
  if (!(error instanceof CodedError)) throw error;
};

/** Pauses intake where `up` is about to replace the running database, such as for another limit. */
async function pauseForDatabase(context: StartContext, declaration: Declaration): Promise<readonly string[]> {
  const { docker, say } = context;
  const stack = await observeStack(docker);
  const running = databaseContainerOf(stack);
  if (running?.state !== "running" || running.configHash === undefined) return [];
  const { code, stdout } = await docker.cli(["compose", "config", "--hash", running.service], { deadlineMs: 60_000 });
  const wanted = stdout.trim().split(/\s+/)[1];
  if (code !== 0 || wanted === undefined || wanted === running.configHash) return [];
  const lost = await databaseOutsideVolumes(docker, stack);
  if (lost !== undefined) {
    throw new CodedError("GC1605", `the data in ${lost} of ${running.service} is in no volume of this stack`, {
      problems: ["A new container, which the changed settings need, would begin with an empty database."],
      remedy: `npx glitchtip-compose backup create; then docker compose up -d --wait; then npx glitchtip-compose restore latest`,
    });
  }
  say(`${running.service} has other settings now and is replaced`);
  return await pauseIntake({ ...context, queue: jobQueueOf(declaration) });
}

/** Programs outside of Compose read their DSN from files of the user's. */
async function writeForHost({ dir, docker }: StartContext, declaration: Declaration): Promise<string[]> {
  const isNeeded = Object.keys(hostApps(declaration)).length > 0;
  return isNeeded ? await followProvisioner(dir, declaration, await observeStack(docker)) : [];
}

/** Restarts a worker that stores no events any more, because its database was restarted without it. */
async function renewWorker({ docker, clock, say }: StartContext, { server }: Declaration): Promise<void> {
  if (queueInDatabase(resolveServer(server).server) !== "celery") return;
  const stack = await observeStack(docker);
  if (!workerOutlivesDatabase(stack)) {
    const backlog = await readBacklog(docker, stack, "celery", clock.now());
    if (!backlog.known || backlog.problem !== OUTLIVED) return;
  }
  say(`${OUTLIVED}; restarting it`);
  const restarted = await docker.cli(["compose", "--profile", "*", "restart", "--no-deps", WORKER]);
  if (restarted.code === 0) return;
  const remedy = "npx glitchtip-compose restart worker";
  throw new CodedError("GC1604", OUTLIVED, { problems: lastLines(restarted.stderr, 3), remedy });
}

async function writeEnvFiles(
  dir: string,
  docker: Docker,
  apps: readonly string[],
  say: (line: string) => void,
): Promise<StartResult> {
  await docker.compose.up({ services: [PROVISIONER], flags: ["--detach"], onLine: say });
  const stack = await observeStack(docker);
  const provisioner = containerOf(stack, PROVISIONER);
  if (provisioner === undefined) {
    throw new CodedError("GC1605", `the project has no container of ${PROVISIONER}`, {
      remedy: "npx glitchtip-compose init, then run the command again.",
    });
  }
  // The second `up` reports a failure of it; its volume has the last good DSNs either way.
  const waited = await docker.cli(["wait", provisioner.id]);
  if (waited.code !== 0) {
    throw new CodedError("GC1604", `docker wait ${provisioner.name} failed`, { problems: lastLines(waited.stderr, 3) });
  }
  const texts = await Promise.all(apps.map(async (app) => [app, await readDsnFile(stack, app)] as const));
  const folder = join(dir, ENV_FOLDER);
  const found = texts.flatMap(([app, text]) => (text === undefined ? [] : [[app, composeEnvFile(text)] as const]));
  const written = writeAppEnvFiles(folder, Object.fromEntries(found));
  return {
    written: written.map(({ app }) => `${ENV_FOLDER}/${app}.env`),
    without: apps.filter((app) => readIfThere(join(folder, `${app}.env`)) === undefined),
  };
}
