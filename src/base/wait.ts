import { onAbort } from "./abort.ts";

/** Time as an argument, so that tests do not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        cancelAbort?.();
        resolve();
      }, ms);
      const cancelAbort =
        signal &&
        onAbort(signal, () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
    }),
};

/** Calls `act` once after `ms`. The returned function cancels it. The timer does not keep the process alive. */
export function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

/** Resolves when the signal is aborted and keeps the process alive until then. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await systemClock.sleep(2 ** 30, signal).catch(() => undefined);
}
