import type { Clock } from "../../base/wait.ts";
import type { Declaration } from "../../config/schema.ts";
import type { Docker } from "../../docker/index.ts";
import { followProvisioner, observeStack, type RunningStack, stackNotStarted } from "../../running/index.ts";
import type { AskRotation } from "../ask-provisioner.ts";
import type { VerifyResult } from "../verify/verify.ts";
import type { RotatingProject } from "./execute.ts";
import { findHolders, type Holder, type Holders, untilSilent } from "./holders.ts";
import { type AppKeyState, appKeyState, restartApp } from "./restart-app.ts";

export interface RotateContext {
  readonly dir: string;
  readonly docker: Docker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly declaration: Declaration;
  readonly ask: AskRotation;
  /** Lets each of these apps send an event, and reads it back. */
  prove(apps: readonly string[]): Promise<VerifyResult[]>;
  /** Reports what is done now. */
  say(text: string): void;
}

export interface RotateOptions {
  /** The apps whose projects rotate; none means the rotations under way, else all. */
  readonly apps: readonly string[];
  readonly abort: boolean;
  readonly keepOld: boolean;
  readonly dryRun: boolean;
  readonly silentForMs: number;
}

export interface RotatedProject {
  readonly project: string;
  /** How far it was: `none` has not begun; from `published` on an app that starts gets the new key. */
  readonly step: RotatingProject["step"];
  readonly apps: readonly { readonly app: string; readonly state: AppKeyState }[];
  /** The rotation is taken back: the retiring key is the new one. */
  readonly back: boolean;
}

export interface RotateResult {
  /**
   * `planned`: only shown. `up first`: an app takes its DSN from an env file, which only `up` writes. `not proved`: an
   * app's event did not come through; both keys are good. `silent`: nobody was seen with the retiring key, which can be
   * deleted now. `kept`: finished, both keys stay. `done`: finished, the retiring key is deleted.
   */
  readonly outcome: "planned" | "nothing" | "up first" | "not proved" | "silent" | "kept" | "done";
  readonly projects: readonly RotatedProject[];
  readonly events: readonly VerifyResult[];
  /** Those who may hold the retiring key and cannot be seen from here. */
  readonly maybe: readonly Holder[];
}

/**
 * Rotates the keys of projects: creates new keys and publishes them, restarts the apps, proves them by events, and
 * watches until nobody uses the old keys, which can then be deleted. The next call goes on where one was interrupted.
 */
export async function rotateKeys(context: RotateContext, options: RotateOptions): Promise<RotateResult> {
  const { docker, ask, say, declaration } = context;
  const { apps, abort, keepOld, dryRun } = options;
  const before = await observeStack(docker);
  if (before.containers.length === 0) throw stackNotStarted(before.config.name);
  const request = { apps: [...apps], keepOld };
  if (dryRun) {
    const rotating = await ask({ ...request, verb: "show" });
    const { maybe } = await findHolders(docker, before, declaration, rotating, context.clock.now());
    return { outcome: "planned", projects: rotating.map((one) => rotatedProject(before, one)), events: [], maybe };
  }
  say(abort ? "publishing the old DSN again" : "creating a new key, proving it by an event and publishing it");
  const rotating = await ask({ ...request, verb: abort ? "abort" : "begin" });
  if (rotating.length === 0) return { outcome: "nothing", projects: [], events: [], maybe: [] };

  const { stack, restarted } = await restartApps(context, before, rotating);
  await followProvisioner(context.dir, declaration, stack);
  const projects = rotating.map((one) => rotatedProject(stack, one, restarted));
  const states = projects.flatMap((project) => project.apps);
  if (states.some(({ state }) => state === "to be restarted")) {
    return { outcome: "up first", projects, events: [], maybe: [] };
  }
  const running = states
    .filter(({ app, state }) => state !== "not running" && Object.hasOwn(declaration.apps, app))
    .map(({ app }) => app);
  say(running.length === 0 ? "no app runs" : `sending an event from ${running.join(", ")}`);
  const events = running.length === 0 ? [] : await context.prove(running);
  const result = { projects, events, maybe: [] };
  if (!events.every(({ ok }) => ok)) return { ...result, outcome: "not proved" };
  if (keepOld) {
    await ask({ ...request, verb: "finish" });
    return { ...result, outcome: "kept" };
  }
  const { maybe } = await watch(context, stack, rotating, options.silentForMs);
  return { ...result, maybe, outcome: "silent" };
}

/**
 * Restarts the apps that have the old key, but not those with an env file, which get their old environment again by a
 * restart. Apps restart one after the other: both keys are good, and a failure stops the rotation at the first app.
 */
async function restartApps(
  context: RotateContext,
  before: RunningStack,
  rotating: readonly RotatingProject[],
): Promise<{ readonly stack: RunningStack; readonly restarted: ReadonlySet<string> }> {
  let stack = before;
  const restarted = new Set<string>();
  for (const project of rotating) {
    for (const app of project.apps) {
      const isOld = appKeyState(stack, app, project) === "to be restarted";
      if (!isOld || context.declaration.apps[app]?.inject === "env-file") continue;
      stack = await restartApp(context, app, project);
      restarted.add(app);
    }
  }
  return { stack, restarted };
}

/** Deletes the retiring keys, which is the last step. The caller has asked for a confirmation. */
export async function deleteRetiring(ask: AskRotation, result: RotateResult): Promise<RotateResult> {
  await ask({ verb: "finish", apps: [], keepOld: false });
  return { ...result, outcome: "done" };
}

function rotatedProject(stack: RunningStack, rotating: RotatingProject, restarted: ReadonlySet<string> = new Set()) {
  return {
    project: rotating.project,
    step: rotating.step,
    apps: rotating.apps.map((app) => ({
      app,
      state: restarted.has(app) ? ("restarted" as const) : appKeyState(stack, app, rotating),
    })),
    back: rotating.retiringSinceMs !== undefined,
  };
}

/** Watches the retiring keys by the engine's clock, which may differ from the one of this machine. */
async function watch(
  { docker, clock, signal, say, declaration }: RotateContext,
  stack: RunningStack,
  rotating: readonly RotatingProject[],
  silentForMs: number,
): Promise<Holders> {
  const aheadMs = (await stack.engine.info()).nowMs - clock.now();
  const names = new Set(rotating.flatMap(({ apps }) => apps));
  const starts = stack.containers.filter(({ service, state }) => names.has(service) && state === "running");
  const published = rotating.map(({ publishedAtMs = 0 }) => publishedAtMs);
  return await untilSilent(
    {
      clock,
      signal,
      say,
      nowMs: () => clock.now() + aheadMs,
      look: async (sinceMs) => {
        const containers = await stack.engine.containers(stack.config.name);
        return await findHolders(docker, { ...stack, containers }, declaration, rotating, sinceMs);
      },
    },
    Math.max(...published, ...starts.map(({ sinceMs = 0 }) => sinceMs)),
    silentForMs,
  );
}
