import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { CodedError } from "../../base/errors.ts";
import type { Secret } from "../../base/secret.ts";
import { type Clock, waitUntil } from "../../base/wait.ts";
import { hideSecrets } from "./hide.ts";
import type { Notice, Repeated } from "./notice.ts";
import { type ChannelType, type Payload, payloadOf } from "./payload.ts";

export interface Channel {
  readonly name: string;
  readonly type: ChannelType;
  readonly url: Secret;
  readonly secret?: Secret;
}

export interface SendContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What must not be in a message, wherever its text came from. */
  readonly hidden: readonly Secret[];
}

const SILENT_FOR_MS = 10_000;
const RETRY_FOR_MS = 45_000;
const SAID = 200;

/** Delivers one message, or throws GC1609. Tries again where it may help; a message may so come twice, but never half. */
export async function sendNotice(
  channel: Channel,
  given: Notice,
  { clock, signal, hidden }: SendContext,
  repeated?: Repeated,
): Promise<void> {
  const hide = hideSecrets([...hidden, channel.url, ...(channel.secret ? [channel.secret] : [])]);
  const notice = { ...given, title: hide(given.title), lines: given.lines.map(hide) };
  const address = addressOf(channel);
  let last = "";
  await waitUntil<true>({
    clock,
    signal,
    deadlineMs: RETRY_FOR_MS,
    pauseMs: { first: 1_000, longest: 15_000 },
    async attempt() {
      const { secret, type } = channel;
      // Anew each time: a signature is good for an hour at most.
      const payload = payloadOf(type, { notice, repeated, secret, nowMs: clock.now() });
      try {
        const answer = await post(address, payload, signal);
        const status = answer.statusCode ?? 0;
        const said = hide(await text(answer)).slice(0, SAID);
        if (status < 300 && (type !== "feishu" || feishuTook(said))) return true;
        last = `it answered ${status}${said.trim() === "" ? "" : `: ${said.trim()}`}`;
        if (status < 500 && status !== 408 && status !== 429) throw failed(channel, last);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof CodedError) throw error;
        last = hide(error instanceof Error ? error.message || error.name : String(error));
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

function post(url: URL, { headers, body }: Payload, signal: AbortSignal): Promise<IncomingMessage> {
  const start = url.protocol === "https:" ? httpsRequest : httpRequest;
  const length = String(Buffer.byteLength(body));
  const options = { method: "POST", agent: false, signal, timeout: SILENT_FOR_MS };
  return new Promise((resolve, reject) => {
    const request = start(url, { ...options, headers: { ...headers, "content-length": length } }, resolve);
    request.once("timeout", () => request.destroy(new Error(`no answer within ${SILENT_FOR_MS / 1_000} s`)));
    request.once("error", reject);
    request.end(body);
  });
}

/** It says 200 to everything; the code is in the body. */
function feishuTook(said: string): boolean {
  const [, code] = /"(?:code|StatusCode)"\s*:\s*(-?\d+)/.exec(said) ?? [];
  return code === undefined || code === "0";
}

const failed = ({ name, type }: Channel, why: string): CodedError =>
  new CodedError("GC1609", `${name}: the message was not taken: ${why}`, {
    remedy: `Check the address of notify ${name} (${type}), then: npx glitchtip-compose notify test --name ${name}`,
  });
