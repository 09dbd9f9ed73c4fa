import { defined } from "../base/defined.ts";
/** Says which versions have to run between two versions of GlitchTip, and which upgrades are impossible. */

/** A version from a tag or a server. Without a minor number it is the newest of its major. */
export interface Version {
  readonly major: number;
  readonly minor?: number;
  readonly patch?: number;
}

/** Parses `v5.1.1`, `6` or `6.2.6-alpine`; returns undefined for another text. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /^v?(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,4}))?(?:[-+.].*)?$/.exec(text) ?? [];
  if (major === undefined || /^v?0\.0\.0/.test(text)) return undefined;
  return {
    major: Number(major),
    ...defined({
      minor: minor === undefined ? undefined : Number(minor),
      patch: patch === undefined ? undefined : Number(patch),
    }),
  };
}

/** Returns the version of an image's tag; undefined for `latest`, a digest or an own name. */
export function versionOfImage(image: string): Version | undefined {
  const name = image.replace(/@.*$/, "");
  const tag = name.slice(name.lastIndexOf("/") + 1).split(":")[1];
  return tag === undefined ? undefined : parseVersion(tag);
}

export const versionText = ({ major, minor, patch }: Version): string =>
  [major, minor, patch].filter((number) => number !== undefined).join(".");

/** Returns a negative number where `a` is older. A missing number counts as the newest. */
export function compareVersions(a: Version, b: Version): number {
  const numbers = ({ major, minor = Infinity, patch = Infinity }: Version) => [major, minor, patch];
  const [left, right] = [numbers(a), numbers(b)];
  for (const [i, one] of left.entries()) {
    const other = right[i] ?? 0;
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

/** A version that has to run before a later major, because only its migrations lead there. */
export interface Stop {
  readonly major: number;
  /** The least minor; its newest patch is the best choice. */
  readonly minor: number;
  /** The tags, for people. */
  readonly tags: string;
}

/** Majors that need a certain minor before the next major (GlitchTip 5 asks for 4.2 before it). */
const LAST: Readonly<Record<number, Omit<Stop, "major">>> = { 4: { minor: 2, tags: "v4.2.x" } };

/** Returns a stop for each major before `to` that `from` has not reached. */
function stopsBetween({ major, minor = Infinity }: Version, to: Version): Stop[] {
  const majors = Array.from({ length: Math.max(0, to.major - major) }, (_, i) => major + i);
  return majors
    .map((one) => ({ major: one, ...(LAST[one] ?? { minor: 0, tags: String(one) }) }))
    .filter((stop) => stop.major > major || minor < stop.minor);
}

export type Way =
  | { readonly possible: true; readonly stepsOver: readonly number[] }
  | { readonly possible: false; readonly why: "downgrade" | "stops"; readonly stops: readonly Stop[] };

/** Returns whether one upgrade leads from `from` to `to`, else the versions that have to run in between. */
export function wayBetween(from: Version, to: Version): Way {
  if (compareVersions(to, from) < 0) return { possible: false, why: "downgrade", stops: [] };
  const stops = stopsBetween(from, to);
  if (stops.length > 0) return { possible: false, why: "stops", stops };
  return { possible: true, stepsOver: from.major === to.major ? [] : [from.major, to.major] };
}
