import { CodedError } from "../base/errors.ts";
import { type Engine, openDocker } from "../docker/index.ts";
import {
  instanceOfData,
  movedNotes,
  observeClaims,
  refuseForeignStack,
  rememberTakenFolders,
  type StackClaims,
  type WorkspaceIdentity,
} from "../running/index.ts";
import { readWorkspace, type Workspace, workspaceIdentity } from "../workspace/index.ts";
import type { CliContext } from "./context.ts";

/** Errors that a command reports by itself, in its own words, or that do not concern it. */
const NOT_FOR_US: ReadonlySet<string> = new Set(["GC1601", "GC1602", "GC1606"]);

/**
 * Throws GC1611 where the stack under this workspace's Compose project belongs to another folder or workspace. With
 * `takeOver` the stack of another folder counts as this one's from now on.
 */
export async function requireOwnStack(context: CliContext, takeOver: boolean, name: string): Promise<void> {
  const identity = readIdentity(context);
  const engine = identity && (await reachEngine(context));
  if (identity === undefined || engine === undefined) return;
  const claims = await observeClaims(engine, identity);
  refuseForeignStack(identity, takeOver ? withoutFolders(context, claims) : claims);
  if (name === "up") for (const note of movedNotes(identity, claims)) context.log.warn(note);
}

function readIdentity(context: CliContext): WorkspaceIdentity | undefined {
  try {
    return workspaceIdentity(readWorkspace(context.dir, context.env), context.env);
  } catch (error) {
    // The command itself reports what is wrong with the files.
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

/** Returns undefined where no engine answers. */
async function reachEngine(context: CliContext): Promise<Engine | undefined> {
  try {
    return (await openDocker(context).located()).engine;
  } catch (error) {
    if (error instanceof CodedError && NOT_FOR_US.has(error.code)) return undefined;
    throw error;
  }
}

/** Returns the kind of the engine that answers, or undefined where none does. */
export async function engineName(context: CliContext): Promise<"docker" | "podman" | undefined> {
  const engine = await reachEngine(context);
  return engine && (/podman/i.test((await engine.version()).product) ? "podman" : "docker");
}

function withoutFolders({ dir, log }: CliContext, claims: StackClaims): StackClaims {
  if (claims.folders.length > 0 && claims.strange.length === 0) {
    rememberTakenFolders(dir, claims);
    log.info(`taken over from ${claims.folders.map(({ folder }) => folder).join(", ")}`);
  }
  return { ...claims, folders: [] };
}

/**
 * Returns the instance id of the data that `init` finds under the workspace's Compose project and takes over, or undefined
 * where there is none. Throws GC1611 where the data belongs to another folder or workspace and `takeOver` is not set.
 */
export async function takenInstance(
  context: CliContext,
  workspace: Workspace,
  takeOver: boolean,
): Promise<string | undefined> {
  const identity = workspaceIdentity(workspace, context.env);
  const engine = await reachEngine(context);
  if (engine === undefined) return undefined;
  const claims = await observeClaims(engine, identity);
  if (!takeOver) refuseForeignStack(identity, claims);
  else if (claims.folders.length > 0) rememberTakenFolders(context.dir, claims);
  for (const note of movedNotes(identity, claims)) context.log.warn(note);
  const { strange } = claims;
  if (strange.length > 0) return (strange.find(({ kind }) => kind === "volume") ?? strange[0])?.instance;
  return workspace.isNew ? await instanceOfData(engine, identity, takeOver) : undefined;
}
