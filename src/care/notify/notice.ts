import type { NOTIFY_EVENTS } from "../../config/schema/care.ts";

export type NotifyEvent = (typeof NOTIFY_EVENTS)[number];

/** Something to tell, before it has the form that a channel wants. */
export interface Notice {
  readonly event: NotifyEvent | "test";
  /** What of: a service, a disk, a domain; with the event it says what "the same thing" is. */
  readonly about?: string;
  readonly state: "failed" | "done" | "over";
  /** The domain, or the project's name: which of one's servers this is about. */
  readonly instance: string;
  readonly title: string;
  readonly lines: readonly string[];
  /** What to type. */
  readonly remedy?: string;
  readonly atMs: number;
}

/** Kept back for lack of a new fact, and counted. */
export interface Repeated {
  readonly times: number;
  readonly sinceMs: number;
}

const MARK = { failed: "❌", done: "✅", over: "✅" } as const;
const LONGEST_LINE = 600;

export const titleOf = ({ state, instance, title }: Notice): string => `${MARK[state]} ${instance}: ${title}`;

/** All of it as lines of text. */
export function linesOf({ lines, remedy, atMs }: Notice, repeated?: Repeated): string[] {
  return [
    ...lines.map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line)),
    ...(repeated === undefined
      ? []
      : [`the same ${repeated.times} more times since ${new Date(repeated.sinceMs).toISOString()}`]),
    ...(remedy === undefined ? [] : [`→ ${remedy}`]),
    new Date(atMs).toISOString(),
  ];
}
