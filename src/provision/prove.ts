import { CodedError } from "../base/errors.ts";
import { retry } from "../base/retry.ts";
import type { Clock } from "../base/wait.ts";
import { AnswerError } from "../glitchtip/answers.ts";
import type { GlitchTip } from "../glitchtip/client.ts";
import type { DsnParts } from "../glitchtip/dsn.ts";
import { newEventId, sendEmptyEnvelope, sendEvent } from "../glitchtip/ingest.ts";
import { retryRequest } from "../glitchtip/retry.ts";
import type { StoredEvent } from "../glitchtip/wire/shapes.ts";
import type { ProvisionContext } from "./context.ts";

/** Up to 5.2 a refused key blocks its whole project for this long, with its good keys (ingest scenario). */
const BLOCKED_MS = 31_000;
const SECOND_EVENT_AFTER_MS = 10_000;
/** All proofs of a project are one issue: deleting it removes what a stopped worker left of earlier proofs. */
const FINGERPRINT = "glitchtip-compose: proof";

/** The slugs that address a project. */
export interface ProjectSlugs {
  readonly organization: string;
  readonly project: string;
}

/** Waits until one of the events can be read through the API: server and worker have both done their part. */
export async function readBack(
  context: { clock: Clock; signal: AbortSignal; glitchtip: GlitchTip },
  { organization, project }: ProjectSlugs,
  eventIds: () => readonly string[],
  options: { withinMs: number; between?(waitedMs: number): Promise<void> },
): Promise<StoredEvent> {
  const { clock, signal, glitchtip } = context;
  const start = clock.now();
  return await retry<StoredEvent>({
    clock,
    signal,
    deadlineMs: options.withinMs,
    // On a real 5.2 it takes 1.1 to 2.8 s. With longer pauses the first `up` would wait for us, not for the worker.
    pauseMs: { first: 250, longest: 500 },
    async attempt() {
      for (const id of eventIds()) {
        const event = await glitchtip.event(organization, project, id);
        if (event !== undefined) return event;
      }
      await options.between?.(clock.now() - start);
      return undefined;
    },
    late: () =>
      new CodedError(
        "GC1405",
        `project ${project}: the event was accepted, but could not be read back within ${Math.round(options.withinMs / 1_000)} s`,
        {
          remedy:
            "The worker does not store events. If it is of this stack, see its log (npx glitchtip-compose logs worker), then restart it: npx glitchtip-compose restart worker",
        },
      ),
  });
}

/**
 * Proves a new DSN by a real event: sends it, reads it back, and deletes its issue. Returns the milliseconds from the
 * envelope to the API.
 */
export async function proveByEvent(
  context: ProvisionContext,
  glitchtip: GlitchTip,
  address: ProjectSlugs,
  dsn: DsnParts,
): Promise<number> {
  const { transport, clock, signal, log } = context;
  const sent: string[] = [];
  const start = clock.now();
  const send = async () => {
    const id = newEventId();
    const event = { id, message: `glitchtip-compose: proof ${id}`, fingerprint: FINGERPRINT };
    // The same id twice is one event (ingest scenario).
    const send = () => retryRequest(context, true, () => sendEvent(transport, dsn, event, signal));
    await sendPatiently(context, address, send);
    sent.push(id);
  };
  await send();
  log.step(`sent an event to ${address.project}; waiting until it can be read back`);
  const event = await readBack({ clock, signal, glitchtip }, address, () => sent, {
    withinMs: context.proofWithinMs,
    between: async (waitedMs) => {
      if (sent.length === 1 && waitedMs > SECOND_EVENT_AFTER_MS) await send();
    },
  });
  const tookMs = clock.now() - start;
  if (event.groupID) await removeIssue(context, glitchtip, event.groupID);
  return tookMs;
}

/** A failure is only a warning: the DSN is proved. */
async function removeIssue({ signal, log }: ProvisionContext, glitchtip: GlitchTip, id: string): Promise<void> {
  try {
    await glitchtip.deleteIssue(id);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CodedError)) throw error;
    log.warn(`the proof's issue ${id} could not be deleted: ${error.message}`);
  }
}

export type KnownProof = "accepted" | "refused" | "throttled";

/** Asks by an empty envelope whether a key is still accepted. It stores nothing on the server. */
export async function proveKnown(context: ProvisionContext, dsn: DsnParts): Promise<KnownProof> {
  const { transport, signal } = context;
  return await retryRequest(context, true, async () => {
    try {
      await sendEmptyEnvelope(transport, dsn, signal);
      return "accepted";
    } catch (error) {
      if (isRefusal(error)) return "refused";
      if (error instanceof AnswerError && error.code === "GC1207") return "throttled";
      throw error;
    }
  });
}

/** A good key may be refused for a while because another one was: waits for the end of the block and sends once more. */
async function sendPatiently(
  { clock, signal, log }: ProvisionContext,
  { project }: ProjectSlugs,
  send: () => Promise<void>,
): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.step(
      `project ${project} refuses events for now, because something used an old key; trying again in ${BLOCKED_MS / 1_000} s`,
    );
    await clock.sleep(BLOCKED_MS, signal);
    await send().catch((again: unknown) => {
      if (!isRefusal(again)) throw again;
      throw new CodedError("GC1404", `project ${project} refuses its own key`, {
        remedy:
          "Something keeps sending events with a deleted key to this project. Find and restart it, then run the provisioner again.",
        cause: again,
      });
    });
  }
}

const isRefusal = (error: unknown): boolean => error instanceof AnswerError && error.code === "GC1404";
