import { randomBytes } from "node:crypto";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/wait.ts";
import { namesOf } from "../config/app-variables.ts";
import type { ImageKnowledge } from "../stack/model.ts";
import { STACK_FILE } from "../stack/render.ts";
import { type Assets, packageAssets } from "./assets.ts";
import type { FileState, PlannedFile } from "./decisions.ts";
import type { WorkspaceDocker } from "./docker.ts";
import { askedImages, askImages, composeProjectNameOf, type ImageOptions } from "./images.ts";
import { applyWorkspacePlan, changesSomething, planWorkspace, type WorkspacePlanOptions } from "./plan-workspace.ts";
import { compareVaultCopies, vaultCopyWarnings, writeGivenDsns, writeVaultCopies } from "./reference-copies.ts";
import { appsWithLostWrapper, lostWrapperRemedy, lostWrapperText, warningsOf } from "./warnings.ts";
import type { Workspace } from "./workspace.ts";
import { browserUrl } from "./workspace.ts";

/** What the commands that write a project's files need. */
export interface WorkspaceContext {
  readonly dir: string;
  readonly log: Log;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Without it Compose files are read by ourselves, and images stay unknown. */
  readonly docker?: WorkspaceDocker;
  readonly random?: typeof randomBytes;
  /** For what is asked of a Vault. */
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly assets?: Assets;
}

/** Paths by what became of them; where nothing is written, by what would. */
export interface FileChanges {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  /** Edited by hand, and ours brought in where the edits do not touch it. */
  readonly merged: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
  /** Edited by hand, while ours has not changed: left alone. */
  readonly kept: readonly string[];
  /** The user's own since `eject`. */
  readonly ejected: readonly string[];
  /** Edited by hand where ours has changed too: ours is beside it as FILE.new. */
  readonly refused: readonly string[];
}

export interface WorkspaceResult extends FileChanges {
  /** All of them, with their texts. */
  readonly files: readonly PlannedFile[];
  readonly dir: string;
  /** Nothing had to be written. */
  readonly nothingToChange: boolean;
  /** Only said what would be done. */
  readonly dryRun: boolean;
  /** Services that get a DSN, with their project and its variables. */
  readonly services: readonly {
    readonly service: string;
    /** None where its DSN is the user's own. */
    readonly project?: string;
    readonly variables: readonly string[];
  }[];
  /** None where no GlitchTip is asked. */
  readonly url?: string;
  /** Where somebody signs in. */
  readonly admin?: { readonly email: string; readonly passwordFile?: string };
  /** What to type next. */
  readonly next: string;
}

export interface UpdateOptions extends ImageOptions, WorkspacePlanOptions {
  /** Where a user states what an image does not tell. */
  readonly stateBy: NonNullable<ImageKnowledge["stateBy"]>;
  /** Files that cannot be merged are told in the result, not by an error. */
  readonly tellConflicts?: boolean;
}

/** Writes all files of a project as they have to be. Everything is validated before anything is written. */
export async function updateWorkspace(
  context: WorkspaceContext,
  read: Workspace,
  how: UpdateOptions,
): Promise<WorkspaceResult> {
  const { log, env = {}, random = randomBytes, assets = packageAssets() } = context;
  const { dryRun = false, tellConflicts = false } = how;
  const project = { ...read, images: await imagesOf(context.docker, read, how) };
  const copies = await compareVaultCopies(context, project);
  const plan = await planWorkspace(project, assets, env, how);
  for (const warning of [...plan.warnings, ...vaultCopyWarnings(copies), ...warningsOf(project, env)])
    log.warn(warning);
  for (const [app, path] of await appsWithLostWrapper(project))
    log.warn(`${lostWrapperText(app, path)}. ${lostWrapperRemedy}`);
  if (!dryRun) {
    applyWorkspacePlan(plan, random);
    writeVaultCopies(project.dir, copies);
    await writeGivenDsns(context, project);
  }
  const conflict = tellConflicts ? undefined : conflictIn(plan.files, dryRun);
  if (conflict !== undefined) throw conflict;
  return resultOf(project, plan.files, dryRun);
}

async function imagesOf(
  docker: WorkspaceDocker | undefined,
  project: Workspace,
  how: UpdateOptions,
): Promise<ImageKnowledge> {
  const { dir, declaration, user, composeFiles, composeProjectName, images } = project;
  const asked = askedImages(declaration, user, composeProjectNameOf(dir, composeProjectName));
  // Not with ours, which may not be there yet, and what comes after it leans on it.
  const files = composeFiles.slice(0, composeFiles.indexOf(STACK_FILE));
  return { ...images, ...(await askImages(docker, asked, images, files, how)), stateBy: how.stateBy };
}

/** GC1105 with the places where both sides have changed something; undefined where there are none. */
export function conflictIn(files: readonly PlannedFile[], dryRun: boolean): CodedError | undefined {
  const conflicts = files.filter(({ state }) => state === "conflict");
  if (conflicts.length === 0) return undefined;
  const list = conflicts.map(({ path }) => path).join(", ");
  return new CodedError("GC1105", `edited by hand where ours has changed too, so not overwritten: ${list}`, {
    problems: conflicts.flatMap(placesIn),
    remedy: dryRun
      ? "Without --dry-run or --check ours is put beside each as .new, and the other files are written."
      : "Take what you need from each .new file, delete it, then run the same again. The other files are written.",
  });
}

function placesIn({ path, conflicts = [], broken }: PlannedFile): string[] {
  const first = `${path}: compare it with ${path}.new`;
  if (broken !== undefined) return [`${first}; merged it would be broken: ${broken}`];
  const shown = (lines: readonly string[]) =>
    lines.length === 0 ? "nothing" : `${lines[0]?.trim()}${lines.length > 1 ? ` … (${lines.length} lines)` : ""}`;
  return [
    first,
    ...conflicts.map(({ line, yours, ours }) => `${path}:${line}: yours ${shown(yours)}; ours ${shown(ours)}`),
  ];
}

function resultOf(project: Workspace, files: readonly PlannedFile[], dryRun: boolean): WorkspaceResult {
  const { dir, declaration } = project;
  const { apps, admin } = declaration;
  const url = browserUrl(project);
  const these = (...states: FileState[]) => files.filter(({ state }) => states.includes(state)).map(({ path }) => path);
  return {
    dir,
    files,
    created: these("new"),
    changed: these("changed"),
    merged: these("merged"),
    removed: these("removed"),
    unchanged: these("same"),
    kept: these("kept"),
    ejected: these("ejected"),
    refused: these("conflict"),
    nothingToChange: !changesSomething({ files }),
    dryRun,
    services: Object.entries(apps).map(([service, app]) => ({
      service,
      ...(app.project === undefined ? {} : { project: app.project }),
      variables: namesOf(app),
    })),
    ...(url === undefined ? {} : { url }),
    ...(admin === undefined
      ? {}
      : {
          admin: {
            email: admin.email,
            ...(admin.password === undefined ? { passwordFile: ".glitchtip/secrets/admin_password" } : {}),
          },
        }),
    next: "docker compose up -d --wait",
  };
}
