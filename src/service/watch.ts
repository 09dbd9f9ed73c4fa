import { createHash, randomUUID } from "node:crypto";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/wait.ts";
import type { DeclaredServer } from "../management/index.ts";
import type { Registry } from "./registry.ts";
import { type SubmitContext, submit } from "./runs.ts";

export interface WatchContext extends SubmitContext {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface WatchSettings {
  readonly everySeconds: number;
  /** Carries out what is planned, and does not only report it. */
  readonly apply: boolean;
}

/** How soon a changed file is noticed. */
const LOOK_MS = 1_000;

/**
 * Plans (or applies) each registered server every so often, and the servers of a file as soon as it has changed. Several
 * copies of the watch share one schedule: only one of them submits a run.
 */
export async function watch(context: WatchContext, settings: WatchSettings): Promise<void> {
  const { registry, clock, signal } = context;
  const texts = new Map<string, string>();
  let signature = "";
  let dueMs = 0;
  while (!signal.aborted) {
    const isDue = clock.now() >= dueMs;
    if (isDue) dueMs = clock.now() + settings.everySeconds * 1_000;
    if (isDue || registry.signature() !== signature) {
      signature = registry.signature();
      await look(context, settings, texts, isDue);
    }
    await clock.sleep(LOOK_MS, signal).catch(() => undefined);
  }
}

/** Submits the runs of all servers that are due or have changed. One that was not taken is submitted the next time. */
async function look(context: WatchContext, settings: WatchSettings, texts: Map<string, string>, isDue: boolean) {
  for (const server of context.registry.read().servers) {
    const { name } = server.desired;
    const isNew = texts.get(name) !== server.text;
    if (!isDue && !isNew) continue;
    if (await submitted(context, server, { ...settings, isNew })) texts.set(name, server.text);
  }
}

async function submitted(
  context: WatchContext,
  { desired: { name }, text }: DeclaredServer,
  { everySeconds, apply, isNew }: WatchSettings & { readonly isNew: boolean },
): Promise<boolean> {
  const { engine, log } = context;
  const kind = apply ? "apply" : "plan";
  try {
    const slot = engine.key("watch", name, isNew ? digestOf(text) : "");
    const lasts = Math.max(1, Math.round(everySeconds * 0.9));
    const id = randomUUID();
    if ((await engine.store.setIfAbsent(slot, id, lasts)) !== id) return true;
    await submit(context, {
      id,
      kind,
      subject: null,
      servers: [name],
      strict: false,
      fresh: true,
      content: [JSON.stringify([[name], false])],
    });
    return true;
  } catch (error) {
    log.warn(`${name}: its ${kind} was not submitted: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);
