import type { NOTIFY_EVENTS } from "../../config/schema/care.ts";

export type NotifyEvent = (typeof NOTIFY_EVENTS)[number];

/** Something to tell, independent of the format that a channel wants. */
export interface Notice {
  readonly event: NotifyEvent | "test";
  /** A service, a disk or a domain. Notices with the same event and `about` are about the same thing. */
  readonly about?: string;
  /** `drift`: nothing failed, but a server is not as it is declared. */
  readonly state: "failed" | "drift" | "done" | "over";
  /** The name that tells this server from others. */
  readonly instance: string;
  readonly title: string;
  readonly lines: readonly string[];
  /** What to type. */
  readonly remedy?: string;
  readonly atMs: number;
}

/** How often a notice was held back because nothing had changed. */
export interface Repeated {
  readonly times: number;
  readonly sinceMs: number;
}

const MARK = { failed: "❌", drift: "⚠️", done: "✅", over: "✅" } as const;
const LONGEST_LINE = 600;

export const noticeTitle = ({ state, instance, title }: Notice): string => `${MARK[state]} ${instance}: ${title}`;

/** Returns the text that every format shows: the lines, the repetitions, the remedy and the time. */
export function noticeLines({ lines, remedy, atMs }: Notice, repeated?: Repeated): string[] {
  return [
    ...lines.map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line)),
    ...(repeated === undefined
      ? []
      : [`this happened ${repeated.times} more times since ${new Date(repeated.sinceMs).toISOString()}`]),
    ...(remedy === undefined ? [] : [`→ ${remedy}`]),
    new Date(atMs).toISOString(),
  ];
}
