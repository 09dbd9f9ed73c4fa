import { CodedError } from "../../base/errors.ts";
import type { Clock } from "../../base/wait.ts";
import type { Holder, Holders } from "./holders.ts";

export interface Watch {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The engine's clock, by which containers started. */
  nowMs(): number;
  /** Who holds the retiring key now; requests with it count from this moment on. */
  look(sinceMs: number): Promise<Holders>;
  say(text: string): void;
}

/** Often enough that a wait of a minute is told well, and seldom enough that one of an hour costs little. */
const lookEveryMs = (silentForMs: number): number => Math.min(Math.max(silentForMs / 12, 1_000), 30_000);

/**
 * Ends when nobody was seen with the key for so long, counted from the last restart: a rotation that is gone on with an
 * hour later has waited already. Throws where somebody still is after that time of watching.
 */
export async function untilSilent(watch: Watch, restartedAtMs: number, silentForMs: number): Promise<Holders> {
  const { clock, signal, nowMs, look, say } = watch;
  const startMs = nowMs();
  let silentSinceMs = restartedAtMs;
  for (let lookedMs = restartedAtMs; ; ) {
    const now = nowMs();
    const holders = await look(lookedMs);
    lookedMs = now;
    if (holders.now.length > 0) silentSinceMs = now;
    const leftMs = silentSinceMs + silentForMs - now;
    if (holders.now.length === 0 && leftMs <= 0) return holders;
    if (holders.now.length > 0 && now - startMs >= silentForMs) throw stillUsed(holders.now);
    const who = [...new Set(holders.now.map(({ who }) => who))].join(", ");
    say(
      who === ""
        ? `watching that the old key stays silent, ${Math.ceil(leftMs / 1_000)} s to go`
        : `the old key is still with ${who}`,
    );
    await clock.sleep(Math.max(1, Math.min(lookEveryMs(silentForMs), leftMs)), signal);
  }
}

const stillUsed = (holders: readonly Holder[]) =>
  new CodedError("GC1408", "the old key is still in use, so it is not deleted", {
    problems: describeHolders(holders),
    remedy:
      "Restart or stop these, then run rotate again. rotate --keep-old leaves the old key; rotate --abort goes back to it.",
  });

export const describeHolders = (holders: readonly Holder[]): string[] =>
  holders.map(({ project, who, why }) => `${project}: ${who}: ${why}`);
