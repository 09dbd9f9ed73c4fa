import type { Notice, Repeated } from "./notice.ts";

/** What each channel was told, by channel and thing; kept in a file, so that a new container goes on with it. */
export type TellMemory = Readonly<Record<string, Remembered>>;

interface Remembered {
  readonly state: Notice["state"];
  readonly toldMs: number;
  /** Kept back since. */
  readonly held?: Repeated;
}

const keyOf = (channel: string, { event, about = "" }: Notice): string => `${channel} ${event} ${about}`;

/** Whether a channel is told now: of something new, of a change of its state, or of the same after so long. */
export function decide(
  memory: TellMemory,
  channel: string,
  notice: Notice,
  repeatMs: number,
): { readonly tell: boolean; readonly repeated?: Repeated; readonly next: TellMemory } {
  const key = keyOf(channel, notice);
  const before = memory[key];
  const { [key]: _, ...rest } = memory;
  // Nobody heard that it began.
  if (notice.state === "over") return before === undefined ? { tell: false, next: memory } : { tell: true, next: rest };
  const { state, atMs } = notice;
  const told = { tell: true, next: { ...rest, [key]: { state, toldMs: atMs } } };
  if (before === undefined || before.state !== state) return told;
  if (atMs - before.toldMs >= repeatMs) return { ...told, ...(before.held && { repeated: before.held }) };
  const held = { times: (before.held?.times ?? 0) + 1, sinceMs: before.held?.sinceMs ?? atMs };
  return { tell: false, next: { ...rest, [key]: { ...before, held } } };
}

/** What was told so long ago that it would be told again anyway. */
export const forget = (memory: TellMemory, beforeMs: number): TellMemory =>
  Object.fromEntries(Object.entries(memory).filter(([, { toldMs }]) => toldMs >= beforeMs));
