import { hasErrno } from "../base/errors.ts";
import { HttpError } from "../http/http.ts";
import type { Transport } from "./transport.ts";

/**
 * Kept connections for reading only: up to 5.2 a write on one may end with an unknown outcome (docs/glitchtip-facts.md,
 * "Load and memory").
 *
 * A real 5.2 (uWSGI) with two busy cores resets one of two reads on kept connections, four at a time, and one of twenty
 * on new ones. So the first reset ends the keeping, and a read that was reset is sent once more at once.
 */
export function readsAndWrites(kept: Transport, fresh: Transport): Transport {
  let reads = kept;
  return {
    baseUrl: fresh.baseUrl,
    async send(request, signal) {
      if (request.method !== "GET") return await fresh.send(request, signal);
      try {
        return await reads.send(request, signal);
      } catch (error) {
        if (!isReset(error)) throw error;
        reads = fresh;
        return await fresh.send(request, signal);
      }
    },
    async close() {
      await kept.close();
      await fresh.close();
    },
  };
}

const isReset = (error: unknown): boolean => error instanceof HttpError && hasErrno(error.cause, "ECONNRESET", "EPIPE");
