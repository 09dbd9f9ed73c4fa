import { defined } from "../../base/defined.ts";
import type { Clock } from "../../base/wait.ts";
import type { GlitchTip } from "../../glitchtip/client.ts";

export interface ReadBackContext {
  readonly glitchtip: Pick<GlitchTip, "event" | "issueEvents">;
  readonly organization: string;
  readonly project: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly withinMs: number;
  say(text: string): void;
  /** Called as soon as the issue of the run is known. */
  foundIssue(id: string): void;
}

export interface ReadBack {
  /** Ids of events that were accepted and could not be read in time. */
  readonly lost: readonly string[];
  /** Time until all events could be read; missing where some never could. */
  readonly storedMs?: number;
}

const PAUSE_MS = 1_000;

/** Waits until every accepted event can be read by the API: page by page as events of one issue, the rest one by one. */
export async function readBackAll(accepted: readonly string[], context: ReadBackContext): Promise<ReadBack> {
  const { clock, signal, withinMs, say } = context;
  const startMs = clock.now();
  const reader = new EventReader(accepted, context);
  for (;;) {
    await reader.readNext();
    await reader.readIssue();
    if (reader.missing.size === 0) break;
    if (clock.now() - startMs >= withinMs) {
      // An event that a list leaves out is not lost: each is asked for by its own address.
      await reader.readEach();
      break;
    }
    say(`${accepted.length - reader.missing.size} of ${accepted.length} accepted events can be read`);
    await clock.sleep(PAUSE_MS, signal);
  }
  const lost = [...reader.missing];
  const storedMs = lost.length === 0 ? clock.now() - startMs : undefined;
  return defined({ lost, storedMs });
}

class EventReader {
  readonly missing: Set<string>;
  #issueId: string | undefined;
  readonly #context: ReadBackContext;

  constructor(ids: readonly string[], context: ReadBackContext) {
    this.missing = new Set(ids);
    this.#context = context;
  }

  async readNext(): Promise<void> {
    for (const id of this.missing) return await this.#read(id);
  }

  async readEach(): Promise<void> {
    for (const id of [...this.missing]) await this.#read(id);
  }

  async readIssue(): Promise<void> {
    if (this.#issueId === undefined || this.missing.size === 0) return;
    for await (const page of this.#context.glitchtip.issueEvents(this.#issueId)) {
      for (const id of page) this.missing.delete(id);
    }
  }

  async #read(id: string): Promise<void> {
    const { glitchtip, organization, project } = this.#context;
    const event = await glitchtip.event(organization, project, id);
    if (event === undefined) return;
    this.missing.delete(id);
    if (this.#issueId !== undefined || !event.groupID) return;
    this.#issueId = event.groupID;
    this.#context.foundIssue(event.groupID);
  }
}
