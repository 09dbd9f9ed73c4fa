/** What to do for each signal that something waits on. */
const actions = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `act` once when the signal is aborted, at once where it is aborted already. The returned function cancels that.
 * All who wait on one signal share one listener, which is removed with the last of them: Node reports more than ten
 * listeners on a signal as a leak.
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) {
    act();
    return () => {};
  }
  const waiting = actions.get(signal) ?? listen(signal);
  const action = () => act();
  waiting.add(action);
  return () => {
    if (waiting.delete(action) && waiting.size === 0) stopListening(signal);
  };
}

const listeners = new WeakMap<AbortSignal, () => void>();

function listen(signal: AbortSignal): Set<() => void> {
  const waiting = new Set<() => void>();
  const listener = () => {
    stopListening(signal);
    for (const act of waiting) act();
  };
  actions.set(signal, waiting);
  listeners.set(signal, listener);
  signal.addEventListener("abort", listener, { once: true });
  return waiting;
}

function stopListening(signal: AbortSignal): void {
  const listener = listeners.get(signal);
  if (listener !== undefined) signal.removeEventListener("abort", listener);
  actions.delete(signal);
  listeners.delete(signal);
}

/** A signal that follows others; disposing of it removes its listeners and its timer. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

/**
 * Returns a signal that is aborted with the first of `parents`, with a TimeoutError after `timeoutMs`, or by `abort`.
 * Unlike `AbortSignal.any` it leaves nothing behind on its parents once it is disposed of.
 */
export function linkSignals(parents: readonly (AbortSignal | undefined)[], timeoutMs?: number): LinkedSignal {
  const controller = new AbortController();
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => controller.abort(new DOMException(`not done within ${timeoutMs} ms`, "TimeoutError")),
          timeoutMs,
        );
  timer?.unref();
  const cancels = parents.flatMap((parent) =>
    parent === undefined ? [] : [onAbort(parent, () => controller.abort(parent.reason))],
  );
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const cancel of cancels) cancel();
    },
  };
}
