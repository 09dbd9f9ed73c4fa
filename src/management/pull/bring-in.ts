import { parse as parsePath } from "node:path";
import { parse } from "yaml";
import { CodedError } from "../../base/errors.ts";
import { checkServers } from "../../config/check.ts";
import { type Path, serverParts } from "../../config/inside/parts.ts";
import { loadServers } from "../../config/load.ts";
import type { Problem } from "../../config/server.ts";
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
  /** What has no place in the declaration, and why. */
  readonly left: readonly Wish[];
  /** Of the new text: what could not be planned is in its errors. */
  readonly plan: Plan;
}

/** Organizations, then projects, then what is in them, then what an alias shared; the rest is for safety. */
const ROUNDS = 40;

/** Brings the declaration of one server to what the server has: plan by plan, until a plan has nothing to ask. */
export async function bringIn(before: string, file: string, seen: ServerSnapshot): Promise<Brought> {
  let text = before;
  const done = new Map<string, Wish>();
  const left = new Map<string, Wish>();
  const refusedKeys = new Set<string>();
  let triedAt = 0;
  for (let round = 1; ; round++) {
    const { wishes, plan } = await wishesFor(text, file, seen, left);
    for (const wish of wishes) if (wish.edits.length === 0) left.set(wish.key, wish);
    const renames = wishes.filter(({ edits }) => edits.some(({ rename }) => rename !== undefined));
    // Paths of all others are other ones after that.
    const open = renames.length > 0 ? renames : wishes.filter(({ edits }) => edits.length > 0);
    // What was in its way may have been refusedWishes, too.
    if (open.length === 0 && refusedKeys.size > 0 && done.size > triedAt && round < ROUNDS) {
      for (const key of refusedKeys) left.delete(key);
      refusedKeys.clear();
      triedAt = done.size;
      continue;
    }
    if (open.length === 0 || round > ROUNDS) return { text, done: [...done.values()], left: [...left.values()], plan };
    const next = edited(
      text,
      open.flatMap(({ edits }) => edits),
    );
    const impossible = refusedWishes(next, file, open);
    for (const wish of impossible) {
      left.set(wish.key, wish);
      refusedKeys.add(wish.key);
    }
    if (impossible.length > 0) continue;
    text = next;
    for (const wish of open) {
      // Added, and still not what the server has: once more would not help.
      if (wish.how === "added" && done.has(wish.key)) left.set(wish.key, wish);
      else done.set(wish.key, wish);
    }
  }
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

/** What the declaration's own rules do not take of the wishes that made this text of it, each with the rule. */
export function refusedWishes(text: string, file: string, wishes: readonly Wish[]): Wish[] {
  const problems = problemsIn(text, file);
  const found = problems.flatMap(({ path, what }) => {
    const of = (upTo?: number) =>
      wishes.find(({ edits }) => edits.some((edit) => isWithin(path, edit.path.slice(0, upTo))));
    // Else a neighbour of what was changed: one field wants another.
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

function problemsIn(text: string, file: string): Problem[] {
  let found: Problem[] = [];
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

const isWithin = (path: Path, around: Path): boolean => around.every((key, at) => path[at] === key);

/** The same as if these kinds were declared everywhere, empty where nothing is said: then what is there is told. */
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
