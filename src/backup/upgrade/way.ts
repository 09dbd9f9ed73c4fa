import { CodedError } from "../../base/errors.ts";
import {
  compareVersions,
  parseVersion,
  type Stop,
  type Version,
  versionOfImage,
  versionText,
  wayBetween,
} from "../../glitchtip/upgrade-way.ts";

/** The error for an upgrade that is refused before anything was changed. */
export const upgradeRefusal = (what: string, detail: { problems?: string[]; remedy: string }): CodedError =>
  new CodedError("GC1808", what, { ...detail, remedy: `${detail.remedy} Nothing was changed.` });

interface CurrentVersions {
  readonly image: string;
  /** The version that the image states. */
  readonly runs: string | undefined;
  /** The version that has migrated the database. */
  readonly database: string | undefined;
}

const versionIn = (text: string | undefined): Version | undefined =>
  text === undefined ? undefined : parseVersion(text);

/** Throws GC1808 for a downgrade, and for an upgrade that takes more than one step; then with the steps. */
export function checkWay(target: string, toVersion: string | undefined, now: CurrentVersions): void {
  const to = versionIn(toVersion) ?? versionOfImage(target);
  if (to === undefined) return;
  const runs = versionIn(now.runs) ?? versionOfImage(now.image);
  const database = versionIn(now.database);
  const isAhead = database !== undefined && (runs === undefined || compareVersions(database, runs) > 0);
  const from = isAhead ? database : runs;
  if (from === undefined) return;
  const way = wayBetween(from, to);
  if (way.possible) return;
  if (way.why === "downgrade") {
    const what = isAhead
      ? `the database was already migrated by ${versionText(from)}`
      : `${versionText(from)} runs here`;
    throw upgradeRefusal(`${target} is older: ${what}, and GlitchTip's migrations do not go back`, {
      remedy: "npx glitchtip-compose rollback goes back to the last upgrade's backup; restore to any other.",
    });
  }
  throw upgradeRefusal(`${target} is too far from ${versionText(from)} for one step`, {
    problems: [...way.stops.map((stop) => stopText(target, stop)), `then ${target}`],
    remedy: `Begin with the first: npx glitchtip-compose upgrade --to ${exampleOf(target, way.stops[0])}`,
  });
}

const repository = (image: string): string => image.replace(/@.*$/, "").replace(/:[^:/]*$/, "");
const exampleOf = (image: string, stop: Stop | undefined): string => `${repository(image)}:${stop?.tags ?? ""}`;
const stopText = (image: string, stop: Stop): string =>
  `first ${exampleOf(image, stop)} (${stop.major}.${stop.minor} or later of ${stop.major}, the newest there is)`;
