/** More than any limiter lets through, so that there is always something waiting for a place. */
const AT_ONCE = 40;

/** Pieces of work side by side, in the order in which they come. */
export interface Pool {
  add(work: () => Promise<void>): void;
  /** All that was added is done. The first error that a piece of work throws is thrown here, and what waits is dropped. */
  finish(): Promise<void>;
}

/** Memory stays small however much is added: only so many pieces are begun. */
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
