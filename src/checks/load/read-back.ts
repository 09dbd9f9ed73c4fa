import type { Clock } from "../../base/wait.ts";
import type { GlitchTip } from "../../glitchtip/client.ts";

export interface ReadingBack {
  readonly glitchtip: Pick<GlitchTip, "event" | "issueEvents">;
  readonly organization: string;
  readonly project: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly withinMs: number;
  say(text: string): void;
}

export interface ReadBack {
  /** Accepted, and not there when the time was up. */
  readonly lost: readonly string[];
  /** From the last answer until all could be read; undefined where some never could. */
  readonly storedMs?: number;
  /** Of the run; undefined where nothing of it was stored. */
  readonly issueId?: string;
}

const PAUSE_MS = 1_000;

/** Waits until every accepted event can be read by the API: page by page as one issue's, the rest one by one. */
export async function readBackAll(accepted: readonly string[], reading: ReadingBack): Promise<ReadBack> {
  const { glitchtip, organization, project, clock, signal, withinMs, say } = reading;
  const startMs = clock.now();
  const missing = new Set(accepted);
  let issueId: string | undefined;
  const isLate = () => clock.now() - startMs >= withinMs;
  const look = async (id: string | undefined) => {
    if (id === undefined) return;
    const event = await glitchtip.event(organization, project, id);
    if (event === undefined) return;
    missing.delete(id);
    issueId ??= event.groupID ?? undefined;
  };
  while (missing.size > 0) {
    await look(missing.values().next().value);
    if (issueId !== undefined && missing.size > 0) {
      for await (const page of glitchtip.issueEvents(issueId)) for (const id of page) missing.delete(id);
    }
    if (missing.size === 0) break;
    if (isLate()) {
      // By its own address: what a list leaves out is not lost.
      for (const id of [...missing]) await look(id);
      break;
    }
    say(`${accepted.length - missing.size} of ${accepted.length} accepted events can be read`);
    await clock.sleep(PAUSE_MS, signal);
  }
  return {
    lost: [...missing],
    ...(missing.size === 0 ? { storedMs: clock.now() - startMs } : {}),
    ...(issueId === undefined ? {} : { issueId }),
  };
}
