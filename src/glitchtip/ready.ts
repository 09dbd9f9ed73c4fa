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

/** Nothing there yet, failing, overloaded, cut: what a server shows that is on its way. */
const PASSING: readonly ErrorCode[] = ["GC1201", "GC1205", "GC1207", "GC1208"];

/**
 * Waits until the server answers its settings. They need the tables, unlike `/_health/` and `/api/0/`, which are 200 on
 * an empty database (readiness-before-migrations scenario). A redirect or another product's page ends it at once.
 */
export async function waitReady({ transport, clock, signal, deadlineMs, log }: WaitReady): Promise<Settings> {
  const url = transport.baseUrl + PATH;
  let last = "no answer yet";
  let remedy = "See what holds it up; of a server in this stack: docker compose logs glitchtip-init glitchtip";
  let strangeInARow = 0;
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
        if (!(error instanceof AnswerError || error instanceof HttpError)) throw error;
        last = error.message;
        if (error.message.includes("TLS failed")) remedy = error.remedy ?? remedy;
        // A page instead of JSON may come from a proxy that starts; three in a row are somebody else's server.
        strangeInARow = PASSING.includes(error.code) ? 0 : strangeInARow + 1;
        if (error.code === "GC1204" || strangeInARow >= 3) throw error;
        return undefined;
      }
    },
    say: (waitedMs) => log.step(`waiting for ${url} since ${Math.round(waitedMs / 1_000)} s; last: ${last}`),
    late: () =>
      new CodedError("GC1203", `${url} was not ready within ${Math.round(deadlineMs / 1_000)} s; last: ${last}`, {
        remedy,
      }),
  });
}
