import type { Notice, Repeated } from "./notice.ts";

/** What each channel was told, by channel and thing. It is kept in a file for the next container. */
export type ThrottleMemory = Readonly<Record<string, Remembered>>;

interface Remembered {
  readonly state: Notice["state"];
  readonly toldMs: number;
  /** Repetitions that were held back since. */
  readonly held?: Repeated;
}

const keyOf = (channel: string, { event, about = "" }: Notice): string => `${channel} ${event} ${about}`;

/** Decides whether a channel is told now: of something new, of a changed state, or of the same thing after `repeatMs`. */
export function throttle(
  memory: ThrottleMemory,
  channel: string,
  notice: Notice,
  repeatMs: number,
): { readonly tell: boolean; readonly repeated?: Repeated; readonly next: ThrottleMemory } {
  const key = keyOf(channel, notice);
  const before = memory[key];
  const { [key]: _, ...rest } = memory;
  // An end is only told to a channel that was told of the beginning.
  if (notice.state === "over") return before === undefined ? { tell: false, next: memory } : { tell: true, next: rest };
  const { state, atMs } = notice;
  const told = { tell: true, next: { ...rest, [key]: { state, toldMs: atMs } } };
  if (before === undefined || before.state !== state) return told;
  if (atMs - before.toldMs >= repeatMs) return { ...told, ...(before.held && { repeated: before.held }) };
  const held = { times: (before.held?.times ?? 0) + 1, sinceMs: before.held?.sinceMs ?? atMs };
  return { tell: false, next: { ...rest, [key]: { ...before, held } } };
}

/** Drops entries that are older than `beforeMs`. */
export const forgetOld = (memory: ThrottleMemory, beforeMs: number): ThrottleMemory =>
  Object.fromEntries(Object.entries(memory).filter(([, { toldMs }]) => toldMs >= beforeMs));
