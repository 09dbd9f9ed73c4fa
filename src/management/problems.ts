import { CodedError, type ErrorCode } from "../base/errors.ts";
import type { Kind, Remark } from "../reconcile/index.ts";

/** A failed read. The others go on. */
export interface ReadProblem extends Remark {
  readonly kind?: Kind | undefined;
  readonly error: CodedError;
}

export type Where = Pick<ReadProblem, "organization" | "project" | "kind">;

export interface ReadProblems {
  readonly all: readonly ReadProblem[];
  /** True where the server is unreachable or refuses the token, so that further requests would fail as well. */
  readonly hopeless: boolean;
  add(where: Where, error: unknown): void;
  /** Runs the work and adds its CodedError to the problems. Any other error is thrown. */
  collect(where: Where, work: () => Promise<void>): Promise<void>;
}

/** Codes after which no request to this server can succeed: unreachable, token refused, asked to wait too long. */
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
      // A server that is gone is reported once, not for each of its projects.
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
