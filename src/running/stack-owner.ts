import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere, writeOne } from "../base/files.ts";
import type { Engine, StackMark } from "../docker/index.ts";
import { isStackService } from "../stack/service-names.ts";

/** What tells a workspace from others that share its engine. */
export interface WorkspaceIdentity {
  readonly dir: string;
  /** The name of its Compose project. */
  readonly project: string;
  /** Undefined for a workspace from before: then only the folders are compared. */
  readonly instance?: string | undefined;
}

/** What is on the engine and does not belong to this workspace, or belongs to it under another name. */
export interface StackClaims {
  /** Other folders that containers of this Compose project were started in. */
  readonly folders: readonly ClaimingFolder[];
  /** Containers and volumes of our services that carry the instance id of another workspace. */
  readonly strange: readonly StackMark[];
  /** Other Compose projects that hold data of this very workspace, whose folder is gone or is this one. */
  readonly elsewhere: readonly { readonly project: string; readonly folder?: string }[];
}

export interface ClaimingFolder {
  readonly folder: string;
  readonly containers: readonly string[];
  /** Whether it has this workspace's instance id: it is a copy, a second clone, or this folder under its old name. */
  readonly isSameWorkspace: boolean;
}

/** How the folders of this machine are compared; tests pass their own. */
interface FolderView {
  isSame(folder: string): boolean;
  isThere(folder: string): boolean;
}

/**
 * Returns what of the marks belongs to others. `ofProject` are those of our Compose project, `ofInstance` those that carry
 * our instance id in any Compose project.
 */
export function claimsOf(
  ofProject: readonly StackMark[],
  ofInstance: readonly StackMark[],
  { project, instance }: WorkspaceIdentity,
  { isSame, isThere }: FolderView,
): StackClaims {
  const foreign = ofProject.filter(({ folder }) => folder !== undefined && !isSame(folder));
  const folders = [...new Set(foreign.flatMap(({ folder }) => folder ?? []))].map((folder) => {
    const started = foreign.filter((mark) => mark.folder === folder);
    return {
      folder,
      containers: started.map(({ name }) => name).sort(),
      isSameWorkspace: instance !== undefined && started.some((mark) => mark.instance === instance),
    };
  });
  const strange = instance === undefined ? [] : ofProject.filter((mark) => mark.instance && mark.instance !== instance);
  return {
    folders,
    strange,
    elsewhere: ofProject.length > 0 ? [] : movedFrom(ofInstance, project, { isSame, isThere }),
  };
}

/** A stack of another folder that is still there is a second clone's, and no business of this one. */
function movedFrom(marks: readonly StackMark[], project: string, { isSame, isThere }: FolderView) {
  const names = [...new Set(marks.map((mark) => mark.project))].filter((name) => name !== "" && name !== project);
  return names.flatMap((name) => {
    const folder = marks.find((mark) => mark.project === name && mark.folder !== undefined)?.folder;
    const isCloned = folder !== undefined && !isSame(folder) && isThere(folder);
    return isCloned ? [] : [{ project: name, ...defined({ folder }) }];
  });
}

/** Asks the engine what it holds under this workspace's names. Folders that were taken over count as this one. */
export async function observeClaims(engine: Engine, identity: WorkspaceIdentity): Promise<StackClaims> {
  const { dir, project, instance } = identity;
  const [ofProject, ofInstance] = await Promise.all([
    engine.marks({ project }),
    instance === undefined ? [] : engine.marks({ instance }),
  ]);
  const same = new Set([dir, ...takenFolders(dir)].map(realPath));
  const view = { isSame: (folder: string) => same.has(realPath(folder)), isThere: existsSync };
  return claimsOf(ofProject, ofInstance, identity, view);
}

function realPath(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    return folder;
  }
}

/** Returns what is wrong, each as a sentence, with what to do about it. Empty where the stack is this workspace's own. */
export function claimProblems(
  { dir, project }: WorkspaceIdentity,
  { folders, strange }: StackClaims,
): { readonly what: string; readonly fix: string }[] {
  const rename = `To have a stack of its own here: COMPOSE_PROJECT_NAME=${project}-2 in .env`;
  return [
    ...folders.map(({ folder, containers, isSameWorkspace }) => ({
      what: `the Compose project ${project} was started in ${folder}, and this is ${dir} (${containers.join(", ")})`,
      fix: isSameWorkspace
        ? `${rename}. If ${folder} was renamed or is gone: npx glitchtip-compose up --take-over`
        : `${rename}. If ${folder} is this folder's old name: npx glitchtip-compose up --take-over`,
    })),
    ...(strange.length === 0
      ? []
      : [
          {
            what: `the Compose project ${project} has data of another workspace: ${namesOf(strange)}`,
            fix: `${rename}. If the data is to be used here: npx glitchtip-compose init --take-over`,
          },
        ]),
  ];
}

const namesOf = (marks: readonly StackMark[]): string =>
  marks
    .map(({ kind, name }) => `${kind} ${name}`)
    .sort()
    .join(", ");

/** Throws GC1611 where the stack under this workspace's name is not its own. */
export function refuseForeignStack(identity: WorkspaceIdentity, claims: StackClaims): void {
  const [first, ...others] = claimProblems(identity, claims);
  if (first === undefined) return;
  throw new CodedError("GC1611", `${first.what}; nothing was changed`, {
    problems: others.map(({ what }) => what),
    remedy: first.fix,
  });
}

/** Returns how to keep the data of a workspace that was renamed, one line for each Compose project that has some. */
export const movedNotes = ({ project }: WorkspaceIdentity, { elsewhere }: StackClaims): string[] =>
  elsewhere.map(({ project: old, folder }) => {
    const where = folder === undefined ? "" : `, started in ${folder}`;
    return (
      `a stack of this workspace exists as Compose project ${old}${where}, and its data is there; ` +
      `${project} starts without it. To keep it: COMPOSE_PROJECT_NAME=${old} in .env, then run the command again`
    );
  });

/**
 * Returns the instance id that a new workspace has to use so that it can take over the data of its Compose project:
 * `none` for data without an id, undefined where there is no data. Throws GC1611 unless `takeOver` is set.
 */
export async function instanceOfData(
  engine: Engine,
  identity: WorkspaceIdentity,
  takeOver: boolean,
): Promise<string | undefined> {
  const { dir, project } = identity;
  const data = (await engine.marks({ project })).filter(({ kind, key }) => kind === "volume" && isStackService(key));
  if (data.length === 0) return undefined;
  if (!takeOver) {
    const volumes = data.map(({ name }) => name).sort();
    throw new CodedError("GC1611", `the Compose project ${project} has data of another stack; nothing was written`, {
      problems: [`volumes: ${volumes.join(", ")}`, `this folder: ${dir}`],
      remedy:
        `To use it here: npx glitchtip-compose init --take-over. To start without it: COMPOSE_PROJECT_NAME=${project}-2 in ` +
        `.env, or docker volume rm ${volumes.join(" ")}`,
    });
  }
  return data.find(({ instance }) => instance !== undefined)?.instance ?? "none";
}

const TAKEN_FILE = ".glitchtip/state/taken-over.json";

/** Remembers, for this folder alone and not for a copy of it, that the stacks of these folders are now its own. */
export function rememberTakenFolders(dir: string, { folders }: StackClaims): void {
  const taken = [...new Set([...takenFolders(dir), ...folders.map(({ folder }) => folder)])];
  writeOne(join(dir, TAKEN_FILE), `${JSON.stringify({ version: 1, by: realPath(dir), folders: taken })}\n`, 0o600);
}

function takenFolders(dir: string): string[] {
  try {
    const { by, folders } = JSON.parse(readIfThere(join(dir, TAKEN_FILE)) ?? "{}") as Record<string, unknown>;
    if (by !== realPath(dir) || !Array.isArray(folders)) return [];
    return folders.filter((folder) => typeof folder === "string");
  } catch {
    return [];
  }
}
