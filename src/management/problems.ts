import { CodedError, type ErrorCode } from "../base/errors.ts";
import type { Kind, Remark } from "../reconcile/index.ts";

/** What failed, as data: the rest goes on. */
export interface ReadProblem extends Remark {
  readonly kind?: Kind | undefined;
  readonly error: CodedError;
}

export type Where = Pick<ReadProblem, "organization" | "project" | "kind">;

export interface ReadProblems {
  readonly all: readonly ReadProblem[];
  /** The server is gone or does not let us in: what would still be asked fails as well. */
  readonly hopeless: boolean;
  add(where: Where, error: unknown): void;
  /** Runs the work; a failure of its own is noted, one that ends everything is thrown. */
  collect(where: Where, work: () => Promise<void>): Promise<void>;
}

/** Unreachable, the token refused, asked to wait for longer than anybody does. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(["GC1201", "GC1304", "GC1207"]);

export const isHopeless = (error: unknown): boolean => error instanceof CodedError && HOPELESS.has(error.code);

export function openProblems(instance: string, signal: AbortSignal): ReadProblems {
  const all: ReadProblem[] = [];
  let hopeless = false;
  const problems: ReadProblems = {
    all,
    get hopeless() {
      return hopeless;
    },
    add(where, error) {
      signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      // One line for a server that is gone, not one for each of its projects.
      if (hopeless) return;
      hopeless = isHopeless(error);
      all.push({ instance, ...(hopeless ? {} : where), message: error.message, error });
    },
    async collect(where, work) {
      if (hopeless) return;
      try {
        await work();
      } catch (error) {
        problems.add(where, error);
      }
    },
  };
  return problems;
}
