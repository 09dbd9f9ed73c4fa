import { CodedError } from "../base/errors.ts";
import type { Engine } from "./engine.ts";
import type { EngineAddress } from "./places.ts";

/** An engine that accepts a request and says nothing for so long counts as one that does not answer. */
export const ANSWERS_WITHIN_MS = 30_000;

/** Whether the engine answered with a failure of its own, as while it starts or ends. */
const isServerError = (error: Error): boolean =>
  "statusCode" in error && typeof error.statusCode === "number" && error.statusCode >= 500;

const failing = (error: Error, host: string): CodedError =>
  new CodedError("GC1601", `the Docker engine at ${host} fails: ${error.message}`, {
    remedy: "Look at the engine (sudo systemctl status docker; Docker Desktop), then run the command again.",
    cause: error,
  });

/**
 * Turns a connection that breaks or stays silent into an expected error; `ping` keeps its own. After a call that was not
 * answered in time, others fail at once for as long: a command waits for a silent engine once, not once for each call.
 */
export function explaining(engine: Engine, { host }: EngineAddress, nowMs: () => number = Date.now): Engine {
  let silent: { readonly error: CodedError; readonly untilMs: number } | undefined;
  const explain = (error: unknown, startMs: number): never => {
    if (!(error instanceof Error) || error instanceof CodedError) throw error;
    if (isServerError(error)) throw failing(error, host);
    if (!("code" in error) || "statusCode" in error) throw error;
    const isLate = nowMs() - startMs >= ANSWERS_WITHIN_MS;
    const why = isLate ? `it accepted a request and said nothing for ${ANSWERS_WITHIN_MS / 1_000} s` : error.message;
    const explained = new CodedError("GC1601", `the Docker engine at ${host} does not answer: ${why}`, {
      remedy: "Look at the engine (sudo systemctl status docker; Docker Desktop), then run the command again.",
      cause: error,
    });
    if (isLate) silent = { error: explained, untilMs: nowMs() + ANSWERS_WITHIN_MS };
    throw explained;
  };
  const call =
    (work: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]) => {
      const startMs = nowMs();
      if (silent !== undefined && startMs < silent.untilMs) throw silent.error;
      return await work(...args).catch((error: unknown) => explain(error, startMs));
    };
  return Object.fromEntries(
    Object.entries(engine).map(([name, work]) => [name, name === "ping" ? work : call(work)]),
  ) as unknown as Engine;
}
