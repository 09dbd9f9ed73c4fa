import { CodedError, type ErrorCode } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { retry } from "../base/retry.ts";
import type { Clock } from "../base/wait.ts";
import { HttpError } from "../http/http.ts";
import { AnswerError, readAnswer } from "./answers.ts";
import type { Transport } from "./transport.ts";
import { type Settings, settingsShape } from "./wire/shapes.ts";

export interface WaitReady {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly log: Log;
}

const PATH = "/api/settings/";

/** Errors of a server that is starting: nothing answers yet, it fails, it is overloaded, or an answer is cut. */
const PASSING: readonly ErrorCode[] = ["GC1201", "GC1205", "GC1207", "GC1208"];

/**
 * Waits until the server answers its settings. They need the tables, unlike `/_health/` and `/api/0/`, which answer 200 on
 * an empty database (readiness-before-migrations scenario). A redirect or the page of another product ends the wait.
 */
export async function waitReady({ transport, clock, signal, deadlineMs, log }: WaitReady): Promise<Settings> {
  const url = transport.baseUrl + PATH;
  const starting = openStarting();
  return await retry<Settings>({
    clock,
    signal,
    deadlineMs,
    async attempt() {
      try {
        const answer = await transport.send(
          { method: "GET", path: PATH, headers: { accept: "application/json" } },
          signal,
        );
        return readAnswer("GET", url, answer, settingsShape);
      } catch (error) {
        starting.accept(error);
        return undefined;
      }
    },
    say: (waitedMs) =>
      log.step(`still waiting for ${url} after ${Math.round(waitedMs / 1_000)} s; last: ${starting.last}`),
    late: () =>
      new CodedError(
        "GC1203",
        `${url} was not ready within ${Math.round(deadlineMs / 1_000)} s; last: ${starting.last}`,
        { remedy: starting.remedy },
      ),
  });
}

/** Collects the errors of a server that is starting, and throws those that waiting does not correct. */
function openStarting() {
  let last = "no answer yet";
  let remedy = "See what holds it up; of a server in this stack: docker compose logs glitchtip-init glitchtip";
  let strangeInARow = 0;
  return {
    get last() {
      return last;
    },
    get remedy() {
      return remedy;
    },
    accept(error: unknown): void {
      if (!(error instanceof AnswerError || error instanceof HttpError)) throw error;
      last = error.message;
      if (error instanceof HttpError && error.failure === "tls") remedy = error.remedy ?? remedy;
      // One page instead of JSON may come from a proxy that is starting; three in a row mean another server.
      strangeInARow = PASSING.includes(error.code) ? 0 : strangeInARow + 1;
      if (error.code === "GC1204" || strangeInARow >= 3) throw error;
    },
  };
}
