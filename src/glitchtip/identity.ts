import { CodedError } from "../base/errors.ts";
import type { Key } from "./wire/shapes.ts";

/**
 * What identifies an object. Ids start again in a new database, so the id counts only together with the date of creation,
 * which has microseconds.
 */
export interface Identity {
  readonly id: string;
  readonly slug: string;
  readonly dateCreated: string;
}

export interface KnownProject extends Identity {
  readonly keyId?: string | undefined;
  readonly key?: string | undefined;
  /** True once a real event with this key was read back. */
  readonly proved?: boolean | undefined;
  readonly rotation?: Rotation | undefined;
}

export interface KeyOfRotation {
  readonly id: string;
  readonly key: string;
  readonly proved?: boolean | undefined;
}

/** The rotation of a project's key. What it knows by id survives runs that know nothing of it. */
export interface Rotation {
  /** From `made` on the project's key is the successor; from `published` on apps that start receive it. */
  readonly step: "making" | "made" | "published";
  readonly retiring: KeyOfRotation;
  /** Present from the step `made` on. */
  readonly successor?: KeyOfRotation | undefined;
  readonly startedAtMs: number;
  readonly publishedAtMs?: number | undefined;
  /** Ids of the keys before ours was created: a key with our label that is not among them is ours. */
  readonly keysBefore?: readonly string[] | undefined;
  /** Present where the rotation was aborted: the retiring key is the one it created, which nobody had before this time. */
  readonly back?: { readonly retiringSinceMs: number } | undefined;
}

/** What earlier runs found or created. */
export interface Known {
  readonly organization?: Identity | undefined;
  /** The projects by their names. */
  readonly projects: Readonly<Record<string, KnownProject>>;
}

/** Returns the slugs of the projects whose key is being rotated. */
export const rotatingIn = ({ projects }: Pick<Known, "projects">): string[] =>
  Object.values(projects).flatMap(({ slug, rotation }) => (rotation === undefined ? [] : [slug]));

export const identityOf = ({ id, slug, dateCreated }: Identity): Identity => ({ id, slug, dateCreated });

export const sameObject = (a: Identity | undefined, b: Identity): boolean =>
  a !== undefined && a.id === b.id && a.dateCreated === b.dateCreated;

/** Returns the known organization, else the one of this name, else undefined. Throws GC1401 for several of this name. */
export function findOrganization<O extends NamedIdentity>(all: readonly O[], name: string, known?: Identity) {
  return findOne(
    all,
    name,
    known,
    (slugs) =>
      new CodedError("GC1401", `${slugs.length} organizations are called "${name}": ${slugs.join(", ")}`, {
        remedy: "Rename or delete all but one in GlitchTip, or declare another name under `organization`.",
      }),
  );
}

export function findProject<P extends NamedIdentity>(all: readonly P[], name: string, known?: Identity) {
  return findOne(
    all,
    name,
    known,
    (slugs) =>
      new CodedError("GC1407", `${slugs.length} projects are called "${name}": ${slugs.join(", ")}`, {
        remedy: "Rename or delete all but one in GlitchTip, or declare another name for the project.",
      }),
  );
}

type NamedIdentity = Identity & { readonly name: string };

function findOne<T extends NamedIdentity>(
  all: readonly T[],
  name: string,
  known: Identity | undefined,
  several: (slugs: string[]) => CodedError,
): T | undefined {
  const same = all.find((one) => sameObject(known, one));
  if (same !== undefined) return same;
  const named = all.filter((one) => one.name === name);
  if (named.length > 1) throw several(named.map(({ slug }) => slug));
  return named[0];
}

/** Returns the stored key, else the one with our label, else the only one; undefined where a key has to be created. */
export function chooseKey(keys: readonly Key[], storedId: string | undefined, label: string): Key | undefined {
  const labelled = keys.find((key) => (key.label ?? key.name) === label);
  return keys.find(({ id }) => id === storedId) ?? labelled ?? (keys.length === 1 ? keys[0] : undefined);
}
