import type { ExpectedSize } from "../workspace/index.ts";

const MOST_EVENTS = 100_000_000;

/** How many events a day; undefined and a problem where it is no number of them. */
export function eventsFlag(flag: string, text: string, problems: string[]): number | undefined {
  const events = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (events >= 1 && events <= MOST_EVENTS) return events;
  problems.push(`${flag} ${text}: a number from 1 to ${MOST_EVENTS}`);
  return undefined;
}

/** `90d` or `90`. */
export function daysFlag(flag: string, text: string, problems: string[]): number | undefined {
  const days = Number(/^([1-9]\d{0,3})d?$/.exec(text)?.[1] ?? 0);
  if (days > 0) return days;
  problems.push(`${flag} ${text}: a number of days such as 90d`);
  return undefined;
}

/** `50000/90d`. */
export function sizeFlag(text: string, problems: string[]): ExpectedSize | undefined {
  const [events = "", days = "", ...more] = text.split("/");
  if (days === "" || more.length > 0) {
    problems.push(`--size ${text}: events a day and days, such as 50000/90d`);
    return undefined;
  }
  const eventsPerDay = eventsFlag("--size", events, problems);
  const retentionDays = daysFlag("--size", days, problems);
  return eventsPerDay === undefined || retentionDays === undefined ? undefined : { eventsPerDay, retentionDays };
}
