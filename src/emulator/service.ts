import { systemClock } from "../base/wait.ts";
import type { EmulatorOptions } from "./options.ts";

/** Takes the time that a real server takes: so many requests at once, the others wait in order. */
export type Service = <T>(work: () => Promise<T>) => Promise<T>;

export function openService(slow: EmulatorOptions["slow"]): Service {
  if (slow === undefined) return (work) => work();
  const { serviceMs, atOnce = 2, distanceMs = 0 } = slow;
  let free = atOnce;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (distanceMs > 0) await systemClock.sleep(distanceMs);
    if (free > 0) free--;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      // The work itself is part of the time.
      const [result] = await Promise.all([work(), systemClock.sleep(serviceMs)]);
      return result;
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
