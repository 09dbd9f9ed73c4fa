import { cleanLine } from "../../base/clean.ts";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { retry } from "../../base/retry.ts";
import type { Secret } from "../../base/secret.ts";
import type { Clock } from "../../base/wait.ts";
import { HttpError, type HttpOptions, type OpenHttp } from "../../http/http.ts";
import { hideSecrets } from "./hide.ts";
import type { Notice, Repeated } from "./notice.ts";
import { type ChannelType, isAccepted, payloadOf } from "./payload.ts";

export interface Channel {
  readonly name: string;
  readonly type: ChannelType;
  readonly url: Secret;
  readonly secret?: Secret;
}

export interface SendContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly openHttp: OpenHttp;
  /** Proxy variables, for the client that reads them. */
  readonly env?: HttpOptions["env"];
  /** Secrets that are replaced in every message. */
  readonly hidden: readonly Secret[];
}

const SILENT_FOR_MS = 10_000;
const RETRY_FOR_MS = 45_000;
/** Length of the part of an answer that errors show. */
const SHOWN_LENGTH = 200;

/**
 * Delivers one message, or throws GC1609. It retries failures that may pass, so a message may arrive twice.
 */
export async function sendNotice(
  channel: Channel,
  given: Notice,
  { clock, signal, hidden, openHttp, env }: SendContext,
  repeated?: Repeated,
): Promise<void> {
  const hide = hideSecrets([...hidden, channel.url, ...(channel.secret ? [channel.secret] : [])]);
  const notice = { ...given, title: hide(given.title), lines: given.lines.map(hide) };
  const address = addressOf(channel);
  const http = openHttp({ timeoutMs: SILENT_FOR_MS, keepAlive: false, ...defined({ env }) });
  let last = "";
  await retry<true>({
    clock,
    signal,
    deadlineMs: RETRY_FOR_MS,
    pauseMs: { first: 1_000, longest: 15_000 },
    async attempt() {
      const { secret, type } = channel;
      // Built for each attempt: a signature is valid for an hour at most.
      const payload = payloadOf(type, { notice, repeated, secret, nowMs: clock.now() });
      try {
        const { status, text } = await http.send({ method: "POST", url: address.href, ...payload }, signal);
        const said = cleanLine(hide(text), SHOWN_LENGTH);
        if (status < 300 && isAccepted(type, said)) return true;
        last = `it answered ${status}${said.trim() === "" ? "" : `: ${said.trim()}`}`;
        if (status < 500 && status !== 408 && status !== 429) throw failed(channel, last);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof HttpError)) throw error;
        last = hide(error.reason);
      }
      return undefined;
    },
    late: () => failed(channel, last),
  });
}

function addressOf(channel: Channel): URL {
  const address = channel.url.reveal();
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw failed(channel, "its address is no http:// or https:// address");
}

const failed = ({ name, type }: Channel, why: string): CodedError =>
  new CodedError("GC1609", `${name}: the message was not accepted: ${why}`, {
    remedy: `Check the address of notify ${name} (${type}), then: npx glitchtip-compose notify test --name ${name}`,
  });
