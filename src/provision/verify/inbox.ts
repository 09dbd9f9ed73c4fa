import { CodedError } from "../../base/errors.ts";
import type { ReadBackLine } from "../read-back.ts";

interface Arrived {
  readonly answer: ReadBackLine;
  readonly atMs: number;
}

/** Answers by app: they may come before somebody waits for them, or never be asked for. */
export interface Inbox {
  put(answer: ReadBackLine, atMs: number): void;
  /** No more answers come: who still waits gets this error. */
  close(error: unknown): void;
  take(app: string): Promise<Arrived>;
}

export function openInbox(apps: readonly string[]): Inbox {
  const slots = new Map(apps.map((app) => [app, newSlot()]));
  return {
    put: (answer, atMs) => slots.get(answer.app)?.resolve({ answer, atMs }),
    close(error) {
      for (const { reject } of slots.values()) reject(error);
    },
    async take(app) {
      const slot = slots.get(app);
      if (slot === undefined) throw new CodedError("GC1901", `app ${app} was not announced to the reader`);
      return await slot.arrived;
    },
  };
}

function newSlot() {
  let resolve: (arrived: Arrived) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const arrived = new Promise<Arrived>((onArrival, onError) => {
    resolve = onArrival;
    reject = onError;
  });
  // An answer that nobody asks for, because the sending failed, must not count as unhandled.
  arrived.catch(() => {});
  return { arrived, resolve, reject };
}
