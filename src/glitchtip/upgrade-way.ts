/** From one GlitchTip to a later one: what has to lie between, and what no step can do. Pure. */

/** As a tag or a server tells it; without a minor number it moves along with the newest of its major. */
export interface Version {
  readonly major: number;
  readonly minor?: number;
  readonly patch?: number;
}

/** From `v5.1.1`, `6`, `6.2.6-alpine`; undefined for what is no version. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /^v?(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,4}))?(?:[-+.].*)?$/.exec(text) ?? [];
  if (major === undefined || /^v?0\.0\.0/.test(text)) return undefined;
  return {
    major: Number(major),
    ...(minor === undefined ? {} : { minor: Number(minor) }),
    ...(patch === undefined ? {} : { patch: Number(patch) }),
  };
}

/** The tag's version; undefined for `latest`, a digest, an own name. */
export function versionOfImage(image: string): Version | undefined {
  const name = image.replace(/@.*$/, "");
  const tag = name.slice(name.lastIndexOf("/") + 1).split(":")[1];
  return tag === undefined ? undefined : parseVersion(tag);
}

export const versionText = ({ major, minor, patch }: Version): string =>
  [major, minor, patch].filter((number) => number !== undefined).join(".");

/** Negative where `a` is older. What is not stated is the newest there is. */
export function compareVersions(a: Version, b: Version): number {
  const numbers = ({ major, minor = Infinity, patch = Infinity }: Version) => [major, minor, patch];
  const [left, right] = [numbers(a), numbers(b)];
  for (const [i, one] of left.entries()) {
    const other = right[i] ?? 0;
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

/** A version that has to have run before a later major may: its own migrations lead there. */
export interface Stop {
  readonly major: number;
  /** The least minor; its newest patch is the one to take. */
  readonly minor: number;
  /** For people: which tags these are. */
  readonly tags: string;
}

/** Majors of which not every version is near enough to the next (GlitchTip 5 asks for 4.2 before it). */
const LAST: Readonly<Record<number, Omit<Stop, "major">>> = { 4: { minor: 2, tags: "v4.2.x" } };

/** Each major that lies before `to`, unless `from` is that far already. */
function stopsBetween({ major, minor = Infinity }: Version, to: Version): Stop[] {
  const majors = Array.from({ length: Math.max(0, to.major - major) }, (_, i) => major + i);
  return majors
    .map((one) => ({ major: one, ...(LAST[one] ?? { minor: 0, tags: String(one) }) }))
    .filter((stop) => stop.major > major || minor < stop.minor);
}

export type Way =
  | { readonly possible: true; readonly stepsOver: readonly number[] }
  | { readonly possible: false; readonly why: "downgrade" | "stops"; readonly stops: readonly Stop[] };

/** Whether one step leads from here to there; else which versions have to run in between. */
export function wayBetween(from: Version, to: Version): Way {
  if (compareVersions(to, from) < 0) return { possible: false, why: "downgrade", stops: [] };
  const stops = stopsBetween(from, to);
  if (stops.length > 0) return { possible: false, why: "stops", stops };
  return { possible: true, stepsOver: from.major === to.major ? [] : [from.major, to.major] };
}
