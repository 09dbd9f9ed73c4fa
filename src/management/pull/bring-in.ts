import { parse as parsePath } from "node:path";
import { parse } from "yaml";
import { CodedError } from "../../base/errors.ts";
import { checkServers } from "../../config/check.ts";
import { type KeyPath, serverParts } from "../../config/contents.ts";
import { loadServers } from "../../config/load.ts";
import type { DeclarationProblem } from "../../config/server.ts";
import type { Generation } from "../../glitchtip/versions.ts";
import {
  type DesiredServer,
  desiredServers,
  KINDS,
  type Kind,
  type KnownServer,
  type ObservedServer,
  type Plan,
  planServer,
  type Resolve,
  resolveDesired,
} from "../../reconcile/index.ts";
import { edited } from "./document.ts";
import type { SecretKeeper } from "./keep-secrets.ts";
import { type Wish, wishesOf } from "./wishes.ts";

export interface ServerSnapshot {
  readonly instance: string;
  readonly observed: ObservedServer;
  readonly generation: Generation;
  readonly known: KnownServer;
  readonly asked: ReadonlySet<Kind>;
  readonly keeper: SecretKeeper;
  readonly resolve: Resolve;
}

export interface Brought {
  readonly text: string;
  readonly done: readonly Wish[];
  /** What the declaration cannot hold, and why. */
  readonly left: readonly Wish[];
  /** The plan of the new text. Its errors are what could not be planned. */
  readonly plan: Plan;
}

/** Organizations, then projects, then what is in them, then what an alias shared; the rest only bounds the loop. */
const MAX_ROUNDS = 40;

/** What the rounds of one `bringIn` have done so far. */
interface Progress {
  readonly done: Map<string, Wish>;
  readonly left: Map<string, Wish>;
  /** Keys of wishes that the declaration's rules refused. They are tried once more after other wishes were fulfilled. */
  readonly refused: Set<string>;
  /** The size of `done` when refused wishes were last tried again. */
  triedAt: number;
}

/** Brings the declaration of one server to what the server has, plan by plan, until a plan has nothing to ask. */
export async function bringIn(before: string, file: string, seen: ServerSnapshot): Promise<Brought> {
  let text = before;
  const progress: Progress = { done: new Map(), left: new Map(), refused: new Set(), triedAt: 0 };
  const { done, left } = progress;
  for (let round = 1; ; round++) {
    const { wishes, plan } = await wishesFor(text, file, seen, left);
    for (const wish of wishes) if (wish.edits.length === 0) left.set(wish.key, wish);
    const renames = wishes.filter(({ edits }) => edits.some(({ rename }) => rename !== undefined));
    // A rename changes the paths of all other wishes, so it goes first and alone.
    const open = renames.length > 0 ? renames : wishes.filter(({ edits }) => edits.length > 0);
    if (open.length === 0 && round < MAX_ROUNDS && retryRefused(progress)) continue;
    if (open.length === 0 || round > MAX_ROUNDS) {
      return { text, done: [...done.values()], left: [...left.values()], plan };
    }
    text = fulfilled(text, file, open, progress);
  }
}

/** Returns the text with the wishes in it; the same text where the declaration's rules refuse one of them. */
function fulfilled(text: string, file: string, open: readonly Wish[], { done, left, refused }: Progress): string {
  const next = edited(
    text,
    open.flatMap(({ edits }) => edits),
  );
  const impossible = refusedWishes(next, file, open);
  for (const wish of impossible) {
    left.set(wish.key, wish);
    refused.add(wish.key);
  }
  if (impossible.length > 0) return text;
  for (const wish of open) {
    // A wish that was added, and is still not what the server has, would not be fulfilled by adding it again.
    if (wish.how === "added" && done.has(wish.key)) left.set(wish.key, wish);
    else done.set(wish.key, wish);
  }
  return next;
}

/** Lets refused wishes be tried again, where something was done since that may have been in their way. */
function retryRefused(progress: Progress): boolean {
  const { done, left, refused } = progress;
  if (refused.size === 0 || done.size <= progress.triedAt) return false;
  for (const key of refused) left.delete(key);
  refused.clear();
  progress.triedAt = done.size;
  return true;
}

async function wishesFor(
  text: string,
  file: string,
  seen: ServerSnapshot,
  left: ReadonlyMap<string, Wish>,
): Promise<{ wishes: Wish[]; plan: Plan }> {
  const { instance, observed, generation, known, asked, keeper, resolve } = seen;
  const declaration = loadServers(text, file);
  const declared = desiredServers(declaration, parsePath(file).name);
  const at = declared.findIndex(({ name }) => name === instance);
  const [one, part] = [declared[at], serverParts(declaration)[at]];
  if (one === undefined || part === undefined) throw new CodedError("GC1901", `${instance} is not in ${file}`);
  const desired = await resolveDesired(widened({ ...one, token: undefined }, asked), async (reference) => {
    return keeper.made(reference.reference) ?? (await resolve(reference));
  });
  const plan = planServer(desired, observed, { generation, strict: false, known });
  const used = new Set(Object.values(declaration.apps).map(({ project }) => String(project)));
  return { wishes: wishesOf({ part, desired, observed, plan }, { keeper, used, left }), plan };
}

/** Returns those of the wishes in `text` that the declaration's own rules refuse, each with the rule. */
function refusedWishes(text: string, file: string, wishes: readonly Wish[]): Wish[] {
  const problems = problemsIn(text, file);
  const found = problems.flatMap(({ path, what }) => {
    const of = (upTo?: number) =>
      wishes.find(({ edits }) => edits.some((edit) => isWithin(path, edit.path.slice(0, upTo))));
    // Otherwise the problem is beside the edit: one field requires another.
    const wish = of() ?? of(-1);
    return wish === undefined ? [] : [{ ...wish, edits: [], message: `${wish.message} cannot be declared: ${what}` }];
  });
  const [first] = problems;
  if (first !== undefined && found.length === 0) {
    throw new CodedError(
      "GC1901",
      `what was pulled is no declaration: ${first.path.map(String).join(".")}: ${first.what}`,
    );
  }
  return found;
}

function problemsIn(text: string, file: string): DeclarationProblem[] {
  let found: DeclarationProblem[] = [];
  const value: unknown = parse(text, { merge: true });
  try {
    checkServers(value, file, (problems) => {
      found = problems;
      return [];
    });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
  }
  return found;
}

const isWithin = (path: KeyPath, around: KeyPath): boolean => around.every((key, at) => path[at] === key);

/** Declares these kinds everywhere, empty where nothing is declared, so that a plan reports all that the server has. */
export function widened<S>(desired: DesiredServer<S>, asked: ReadonlySet<Kind>): DesiredServer<S> {
  const list = <T>(kind: Kind, declared: readonly T[] | undefined): readonly T[] | undefined =>
    declared ?? (asked.has(kind) ? [] : undefined);
  return {
    ...desired,
    prune: false,
    manages: KINDS.filter((kind) => desired.manages.includes(kind) || asked.has(kind)),
    listsOrganizations: desired.listsOrganizations || asked.has("organization"),
    organizations: desired.organizations.map((organization) => ({
      ...organization,
      teams: list("team", organization.teams),
      members: list("member", organization.members),
      monitors: list("monitor", organization.monitors),
      statusPages: list("statusPage", organization.statusPages),
      listsProjects: organization.listsProjects || asked.has("project"),
      projects: organization.projects.map((project) => ({
        ...project,
        keys: list("key", project.keys),
        alerts: list("alert", project.alerts),
        monitors: list("monitor", project.monitors),
        ...(asked.has("alert") ? { onlyJiraAlert: undefined } : {}),
      })),
    })),
  };
}

/** Returns the kinds of which a list is declared somewhere, or that are asked for: of the others nothing is compared. */
export function comparedKinds<S>(desired: DesiredServer<S>, asked: ReadonlySet<Kind>): Kind[] {
  const { organizations } = desired;
  const projects = organizations.flatMap((one) => one.projects);
  const isDeclared: Readonly<Record<Kind, () => boolean>> = {
    organization: () => desired.listsOrganizations,
    team: () => organizations.some(({ teams }) => teams !== undefined),
    project: () => organizations.some(({ listsProjects }) => listsProjects),
    member: () => organizations.some(({ members }) => members !== undefined),
    key: () => projects.some(({ keys }) => keys !== undefined),
    alert: () => projects.some(({ alerts }) => alerts !== undefined),
    monitor: () => [...organizations, ...projects].some(({ monitors }) => monitors !== undefined),
    statusPage: () => organizations.some(({ statusPages }) => statusPages !== undefined),
  };
  return KINDS.filter((kind) => asked.has(kind) || (desired.manages.includes(kind) && isDeclared[kind]()));
}
