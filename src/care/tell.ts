import type { Log } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import type { CareSettings } from "../config/service-settings.ts";
import type { OpenHttp } from "../http/http.ts";
import { readCareMemory, writeCareMemory } from "./decisions.ts";
import type { Notice, Repeated } from "./notify/notice.ts";
import { type Channel, sendNotice } from "./notify/send.ts";
import { forgetOld, throttle } from "./notify/throttle.ts";

type CareChannel = Channel & Pick<CareSettings["notify"][number], "events" | "repeatHours">;

export interface TellContext {
  /** The folder of the care service's own files. */
  readonly own: string;
  readonly channels: readonly CareChannel[];
  /** Secrets that are replaced in every message. */
  readonly hidden: readonly Secret[];
  readonly openHttp: OpenHttp;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

const HOUR_MS = 3_600_000;
const LONGEST_MEMORY_MS = 60 * 24 * HOUR_MS;
/** Notices that are kept for a channel that does not accept them. */
const OWED_AT_MOST = 20;

/**
 * Sends notices to all channels that want them, and what a channel is still owed. A channel that fails does not keep the
 * others from being told.
 */
export async function tellAll(context: TellContext, notices: readonly Notice[]): Promise<void> {
  for (const channel of context.channels) {
    const { owed = [], ...memory } = readCareMemory(context.own);
    const [late, others] = [
      owed.filter((one) => one.channel === channel.name),
      owed.filter((one) => one.channel !== channel.name),
    ];
    if (late.length > 0) writeCareMemory(context.own, { ...memory, owed: others });
    const wanted = notices.filter(({ event }) => event !== "test" && channel.events.includes(event));
    await tellChannel(context, channel, [...late.map(({ notice }) => notice), ...wanted]);
  }
}

async function tellChannel(context: TellContext, channel: CareChannel, notices: readonly Notice[]): Promise<void> {
  const { own, clock } = context;
  // After one failure the other messages are not tried: each would keep the other channels waiting.
  let fails = false;
  for (const notice of notices) {
    const { told } = readCareMemory(own);
    const { tell, repeated, next } = throttle(told, channel.name, notice, channel.repeatHours * HOUR_MS);
    if (next === told) continue;
    if (tell && !fails) fails = !(await isSent(context, channel, notice, repeated));
    if (tell && fails) oweNotice(own, channel, notice);
    else writeCareMemory(own, { ...readCareMemory(own), told: forgetOld(next, clock.now() - LONGEST_MEMORY_MS) });
  }
}

/** Returns false, with a warning, where the channel did not accept the message. */
async function isSent(
  context: TellContext,
  channel: Channel,
  notice: Notice,
  repeated: Repeated | undefined,
): Promise<boolean> {
  try {
    await sendNotice(channel, notice, context, repeated);
    return true;
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.warn(error instanceof Error ? error.message : String(error));
    return false;
  }
}

/** Keeps the notice of a restart for the next look. A problem that persists is found again and needs not be kept. */
function oweNotice(own: string, channel: Channel, notice: Notice): void {
  if (!notice.event.startsWith("restart-")) return;
  const memory = readCareMemory(own);
  const owed = [...(memory.owed ?? []), { channel: channel.name, notice }].slice(-OWED_AT_MOST);
  writeCareMemory(own, { ...memory, owed });
}
