import type { Clock } from "../../base/wait.ts";
import { AnswerError } from "../../glitchtip/answers.ts";
import { sendPayload } from "../../glitchtip/ingest.ts";
import type { Transport } from "../../glitchtip/transport.ts";
import type { DsnParts } from "../../glitchtip/wire/dsn.ts";
import { HttpError } from "../../http/http.ts";
import { type LoadRun, loadEvent } from "./event.ts";

export interface Sending {
  readonly transport: Transport;
  readonly dsn: DsnParts;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly events: number;
  readonly concurrency: number;
  /** Nothing is sent after it. */
  readonly withinMs: number;
}

export interface Sent {
  /** Ids that the server answered with 200. */
  readonly accepted: readonly string[];
  readonly sent: number;
  /** How often, by status, or "no answer", where the outcome is not known. */
  readonly notAccepted: Readonly<Record<string, number>>;
  readonly tookMs: number;
  /** Of the accepted ones, from the first byte to the answer. */
  readonly answerMs: { readonly median: number; readonly p95: number; readonly slowest: number };
}

/** Sends each event once, so many side by side; one that is not accepted is counted, not repeated. */
export async function sendLoad(run: LoadRun, sending: Sending): Promise<Sent> {
  const { transport, dsn, clock, signal, events, concurrency, withinMs } = sending;
  const startMs = clock.now();
  const accepted: string[] = [];
  const tooks: number[] = [];
  const notAccepted: Record<string, number> = {};
  let next = 0;
  const sender = async () => {
    while (next < events && clock.now() - startMs < withinMs) {
      signal.throwIfAborted();
      const event = loadEvent(run, next++, clock.now());
      const sentMs = clock.now();
      try {
        await sendPayload(transport, dsn, event, signal);
        accepted.push(event.id);
        tooks.push(clock.now() - sentMs);
      } catch (error) {
        const outcome = outcomeOf(error);
        notAccepted[outcome] = (notAccepted[outcome] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sender));
  return { accepted, sent: next, notAccepted, tookMs: clock.now() - startMs, answerMs: spread(tooks) };
}

function outcomeOf(error: unknown): string {
  if (error instanceof AnswerError) return String(error.status);
  if (error instanceof HttpError) return "no answer";
  throw error;
}

function spread(values: readonly number[]): Sent["answerMs"] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { median: at(0.5), p95: at(0.95), slowest: at(1) };
}
