/** A backup's name is its time, UTC: names in order are times in order. */
const NAME = /^glitchtip-(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})Z$/;

export const PARTIAL = ".partial";

export const nameAt = (ms: number): string =>
  `glitchtip-${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")}Z`;

/** Epoch milliseconds; undefined for any other name. */
export function timeOf(name: string): number | undefined {
  const [, year, month, day, hour, minute, second] = NAME.exec(name) ?? [];
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) || nameAt(ms) !== name ? undefined : ms;
}

/** True for what a run that was killed has left. */
export const isPartial = (entry: string): boolean =>
  entry.endsWith(PARTIAL) && timeOf(entry.slice(0, -PARTIAL.length)) !== undefined;
