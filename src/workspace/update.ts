import { randomBytes } from "node:crypto";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/wait.ts";
import { namesOf } from "../config/framework-presets.ts";
import { composeProjectNameOf } from "../config/workspace-names.ts";
import { type DotenvEdit, dotenvEdits, writeDotenvFiles } from "../running/index.ts";
import type { ImageKnowledge } from "../stack/model.ts";
import { type Assets, packageAssets } from "./assets.ts";
import { makeBackupFolder } from "./backup-folder.ts";
import type { FileState, PlannedFile } from "./decisions.ts";
import type { WorkspaceDocker } from "./docker.ts";
import { writeEditorSchema } from "./editor-schema.ts";
import { writeGivenDsns } from "./given-dsns.ts";
import { askedImages, askImages, type ImageOptions } from "./images.ts";
import { type NextSteps, nextSteps, sampleUrlOf } from "./next-steps.ts";
import { applyWorkspacePlan, changesSomething, planWorkspace, type WorkspacePlanOptions } from "./plan-workspace.ts";
import { readVaultSecrets, vaultSecretWarnings } from "./vault-secrets.ts";
import { appsWithLostWrapper, lostWrapperRemedy, lostWrapperText, warningsOf } from "./warnings.ts";
import { browserUrl, type Workspace } from "./workspace.ts";

/** What commands need that write the files of a workspace. */
export interface WorkspaceContext {
  readonly dir: string;
  readonly log: Log;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Without it we read the Compose files ourselves, and nothing is known about images. */
  readonly docker?: WorkspaceDocker;
  readonly random?: typeof randomBytes;
  /** The clock of requests to a Vault. */
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly assets?: Assets;
  /** Is shown what would be written, once everything is checked; nothing is written where it throws. */
  beforeWrite?(preview: WorkspaceResult): Promise<void>;
}

/** Paths by what became of them; in a dry run, by what would become of them. */
export interface FileChanges {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  /** Edited by hand, and our changes brought in where the edits do not touch them. */
  readonly merged: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
  /** Edited by hand, while our text has not changed: left alone. */
  readonly kept: readonly string[];
  /** The user's own since `eject`. */
  readonly ejected: readonly string[];
  /** Edited by hand where our text has changed, too: our text is beside it as FILE.new. */
  readonly refused: readonly string[];
}

export interface WorkspaceResult extends FileChanges, NextSteps {
  /** All files, with their texts. */
  readonly files: readonly PlannedFile[];
  readonly dir: string;
  /** Nothing had to be written. */
  readonly nothingToChange: boolean;
  /** The result says what would be done. */
  readonly dryRun: boolean;
  /** The services that get a DSN, with their project and the variables that hold it. */
  readonly services: readonly {
    readonly service: string;
    /** Undefined where the app has an external DSN. */
    readonly project?: string;
    readonly variables: readonly string[];
  }[];
  /** GlitchTip's address for browsers; undefined where the declaration has no server. */
  readonly url?: string;
  /** The account to sign in with; undefined where we make none. */
  readonly admin?: {
    readonly email: string;
    /** The command that prints the password, which the stack makes; undefined where the user has stated one. */
    readonly passwordCommand?: string;
  };
  /** The sample app's address for browsers; undefined for the user's own services. */
  readonly sampleUrl?: string;
}

export interface UpdateOptions extends ImageOptions, WorkspacePlanOptions {
  /** The place to which an error sends the user to state what an image does not tell. */
  readonly stateBy: NonNullable<ImageKnowledge["stateBy"]>;
  /** Files that cannot be merged are reported in the result, not by an error. */
  readonly tellConflicts?: boolean;
  /** The instance id of a stack whose data this workspace takes over; `none` for data that has no id. */
  readonly instance?: string;
}

/** Writes all files as the workspace wants them. Validates everything before it writes anything. Throws GC1105 on conflicts. */
export async function updateWorkspace(
  context: WorkspaceContext,
  read: Workspace,
  options: UpdateOptions,
): Promise<WorkspaceResult> {
  const { log, env = {}, random = randomBytes, assets = packageAssets() } = context;
  const { dryRun = false, tellConflicts = false } = options;
  const instance = options.instance ?? instanceOf(read, random);
  const workspace = {
    ...read,
    ...defined({ instance: instance === "none" ? undefined : instance }),
    images: await imagesOf(context.docker, read, options),
  };
  const vault = vaultSecretWarnings(await readVaultSecrets(context, workspace), workspace.isNew);
  const plan = await planWorkspace(workspace, assets, env, options);
  for (const warning of [...plan.warnings, ...vault, ...warningsOf(workspace, env)]) {
    log.warn(warning);
  }
  for (const [app, path] of await appsWithLostWrapper(workspace)) {
    log.warn(`${lostWrapperText(app, path)}. ${lostWrapperRemedy}`);
  }
  const dotenv = dotenvEdits(workspace.dir, workspace.declaration);
  const sampleUrl = options.sample ? sampleUrlOf(workspace, env) : undefined;
  const result = (would: boolean): WorkspaceResult => ({
    ...resultOf(workspace, [...plan.files, ...dotenv.map(plannedDotenv)], would),
    ...defined({ sampleUrl }),
  });
  if (!dryRun) {
    await context.beforeWrite?.(result(true));
    applyWorkspacePlan(plan);
    writeEditorSchema(workspace.dir, workspace.declarationText, assets);
    writeDotenvFiles(workspace.dir, workspace.declaration, dotenv);
    await writeGivenDsns(context, workspace);
    makeBackupFolder(workspace, env);
  }
  const conflict = tellConflicts ? undefined : conflictIn(plan.files, dryRun);
  if (conflict !== undefined) throw conflict;
  return result(dryRun);
}

/** Lines of an app that is not declared any more, or with another file, are taken out of its dotenv file. */
const plannedDotenv = ({ path, before, after }: DotenvEdit): PlannedFile =>
  after === undefined ? { path, state: "removed" } : { path, state: "changed", ...defined({ before, after }) };

/** Returns the id that the workspace has, or a new one for a workspace that is only being made. */
function instanceOf({ isNew, instance }: Workspace, random: typeof randomBytes): string | undefined {
  if (instance !== undefined || !isNew) return instance;
  return random(8).toString("hex");
}

async function imagesOf(
  docker: WorkspaceDocker | undefined,
  workspace: Workspace,
  options: UpdateOptions,
): Promise<ImageKnowledge> {
  const { dir, declaration, user, composeFiles, stackFile, composeProjectName, images } = workspace;
  const asked = askedImages(declaration, user, composeProjectNameOf(dir, composeProjectName));
  // Without our file, which may not be there yet, and without those after it, which may need it.
  const files = composeFiles.slice(0, composeFiles.indexOf(stackFile));
  const { stateBy, commandLine } = options;
  return {
    ...images,
    ...(await askImages(docker, asked, images, files, options)),
    stateBy,
    ...defined({ commandLine }),
  };
}

/** Returns GC1105 with the places that the user and we have changed in different ways, or undefined where there are none. */
export function conflictIn(files: readonly PlannedFile[], dryRun: boolean): CodedError | undefined {
  const conflicts = files.filter(({ state }) => state === "conflict");
  if (conflicts.length === 0) return undefined;
  const list = conflicts.map(({ path }) => path).join(", ");
  return new CodedError("GC1105", `edited on lines that the tool changes too, so not overwritten: ${list}`, {
    problems: conflicts.flatMap(placesIn),
    remedy: dryRun
      ? "Without --dry-run or --check, the tool's text is written beside each as .new, and the other files are updated."
      : "Take what you need from each .new file, delete it, then run the command again. The other files are written.",
  });
}

function placesIn({ path, conflicts = [], broken }: PlannedFile): string[] {
  const first = `${path}: compare it with ${path}.new`;
  if (broken !== undefined) return [`${first}; merged, the file would be broken: ${broken}`];
  const shown = (lines: readonly string[]) =>
    lines.length === 0 ? "nothing" : `${lines[0]?.trim()}${lines.length > 1 ? ` … (${lines.length} lines)` : ""}`;
  return [
    first,
    ...conflicts.map(({ line, yours, ours }) => `${path}:${line}: yours ${shown(yours)}; ours ${shown(ours)}`),
  ];
}

function resultOf(workspace: Workspace, files: readonly PlannedFile[], dryRun: boolean): WorkspaceResult {
  const { dir, declaration } = workspace;
  const { apps, admin } = declaration;
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
      ...defined({ project: app.project }),
      variables: namesOf(app),
    })),
    ...defined({ url: browserUrl(workspace), admin: admin && accountOf(admin) }),
    ...nextSteps(workspace),
  };
}

/** Returns the account to sign in with; `passwordCommand` is there where the stack makes the password. */
export const accountOf = ({ email, password }: NonNullable<Workspace["declaration"]["admin"]>) => ({
  email,
  ...(password === undefined && { passwordCommand: "npx glitchtip-compose password" }),
});
