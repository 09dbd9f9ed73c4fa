/** More than the limiter allows in flight, so that it never runs dry. */
const AT_ONCE = 40;

/** Runs pieces of work concurrently, in the order in which they were added. */
export interface Pool {
  add(work: () => Promise<void>): void;
  /**
   * Waits until all work is done. Throws the first error of a piece of work, and drops the work that was not started.
   */
  finish(): Promise<void>;
}

/** Opens a pool that runs at most `atOnce` pieces of work at the same time. */
export function openPool(atOnce = AT_ONCE): Pool {
  let waiting: (() => Promise<void>)[] = [];
  let begun = 0;
  let running = 0;
  let failed: { readonly error: unknown } | undefined;
  let idle: (() => void) | undefined;
  const proceed = () => {
    while (running < atOnce && begun < waiting.length) {
      const work = waiting[begun++];
      if (work === undefined) continue;
      running++;
      work()
        .catch((error: unknown) => {
          failed ??= { error };
          waiting = [];
          begun = 0;
        })
        .finally(() => {
          running--;
          proceed();
        });
    }
    if (running === 0) idle?.();
  };
  return {
    add(work) {
      if (failed !== undefined) return;
      waiting.push(work);
      proceed();
    },
    async finish() {
      if (running > 0) {
        await new Promise<void>((done) => {
          idle = done;
        });
      }
      waiting = [];
      begun = 0;
      idle = undefined;
      if (failed !== undefined) throw failed.error;
    },
  };
}
