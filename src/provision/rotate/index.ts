import type { Clock } from "../../base/wait.ts";
import type { Declaration } from "../../config/schema.ts";
import type { Docker } from "../../docker/index.ts";
import { observeStack, type RunningStack, stackNotStarted } from "../../running/index.ts";
import type { RotatingProject } from "../rotate.ts";
import type { AppResult } from "../verify/index.ts";
import type { AskProvisioner } from "./ask.ts";
import { findHolders, type Holder, type Holders } from "./holders.ts";
import { type AppState, restart, stateOf } from "./restart.ts";
import { untilSilent } from "./silence.ts";

export interface RotateContext {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly declaration: Declaration;
  readonly ask: AskProvisioner;
  /** An event from each of these apps, read back. */
  prove(apps: readonly string[]): Promise<AppResult[]>;
  /** What is done now. */
  say(text: string): void;
}

export interface RotateOptions {
  /** None: those under way, else all. */
  readonly apps: readonly string[];
  readonly abort: boolean;
  readonly keepOld: boolean;
  readonly dryRun: boolean;
  readonly silentForMs: number;
}

export interface ProjectResult {
  readonly project: string;
  /** How far it was: `none` is not begun, from `published` on new starts get the new key. */
  readonly step: RotatingProject["step"];
  readonly apps: readonly { readonly app: string; readonly state: AppState }[];
  /** The rotation was taken back: what retires is the key that it had made. */
  readonly back: boolean;
}

export interface RotateResult {
  /**
   * `planned`: only shown. `up first`: an app takes its DSN from an env file, which only `up` writes. `not proved`: an app's event did not come through; both keys are good. `silent`: nobody was
   * seen with the retiring key, which can be deleted. `kept`: over, both keys stay. `done`: over, it is deleted.
   */
  readonly outcome: "planned" | "nothing" | "up first" | "not proved" | "silent" | "kept" | "done";
  readonly projects: readonly ProjectResult[];
  readonly events: readonly AppResult[];
  /** Who may hold the retiring key without being seen from here. */
  readonly maybe: readonly Holder[];
}

/**
 * New key, publish, restart, prove, watch; what is left is to delete. A run that ended anywhere is gone on with by the
 * next.
 */
export async function rotate(context: RotateContext, options: RotateOptions): Promise<RotateResult> {
  const { docker, ask, say, declaration } = context;
  const { apps, abort, keepOld, dryRun } = options;
  let stack = await observeStack(docker);
  if (stack.containers.length === 0) throw stackNotStarted(stack.config.name);
  const request = { apps: [...apps], keepOld };
  if (dryRun) {
    const rotating = await ask({ ...request, verb: "show" });
    const { maybe } = await findHolders(docker, stack, declaration, rotating, context.clock.now());
    return { outcome: "planned", projects: rotating.map((one) => projectResult(stack, one)), events: [], maybe };
  }
  say(abort ? "publishing the old DSN again" : "making a new key, proving and publishing it");
  const rotating = await ask({ ...request, verb: abort ? "abort" : "begin" });
  if (rotating.length === 0) return { outcome: "nothing", projects: [], events: [], maybe: [] };

  const restarted = new Set<string>();
  for (const project of rotating) {
    for (const app of project.apps) {
      if (stateOf(stack, app, project) !== "to be restarted" || declaration.apps[app]?.inject === "env-file") continue;
      // One after the other: meanwhile both keys are good, and a failure stops it at the first.
      stack = await restart(context, app, project);
      restarted.add(app);
    }
  }
  const projects = rotating.map((one) => projectResult(stack, one, restarted));
  // A restart gives such an app its old environment again.
  if (projects.some(({ apps: all }) => all.some(({ state }) => state === "to be restarted"))) {
    return { outcome: "up first", projects, events: [], maybe: [] };
  }
  const running = projects.flatMap(({ apps: all }) =>
    all
      .filter(({ app, state }) => state !== "not running" && Object.hasOwn(declaration.apps, app))
      .map(({ app }) => app),
  );
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

/** The last step, for which somebody has been asked. */
export async function deleteRetiring(ask: AskProvisioner, result: RotateResult): Promise<RotateResult> {
  await ask({ verb: "finish", apps: [], keepOld: false });
  return { ...result, outcome: "done" };
}

function projectResult(stack: RunningStack, rotating: RotatingProject, restarted: ReadonlySet<string> = new Set()) {
  return {
    project: rotating.project,
    step: rotating.step,
    apps: rotating.apps.map((app) => ({
      app,
      state: restarted.has(app) ? ("restarted" as const) : stateOf(stack, app, rotating),
    })),
    back: rotating.retiringSinceMs !== undefined,
  };
}

/** By the engine's clock: this machine's may be another. */
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
