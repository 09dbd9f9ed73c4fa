import type { Transport } from "./transport.ts";

/** The same transport with at most this many requests under way; the others wait in order, and their time-outs with them. */
export function limitInFlight(transport: Transport, most: number): Transport {
  let free = most;
  const waiting: (() => void)[] = [];
  return {
    ...transport,
    async send(request, signal) {
      if (free > 0) free--;
      else await new Promise<void>((proceed) => waiting.push(proceed));
      try {
        signal.throwIfAborted();
        return await transport.send(request, signal);
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    },
  };
}
