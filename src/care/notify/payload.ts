import { createHmac } from "node:crypto";
import type { Secret } from "../../base/secret.ts";
import { type Notice, noticeLines, noticeTitle, type Repeated } from "./notice.ts";

export type ChannelType = "feishu" | "json" | "slack" | "ntfy";

export interface Payload {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Message {
  readonly notice: Notice;
  readonly repeated?: Repeated | undefined;
  readonly secret?: Secret | undefined;
  readonly nowMs: number;
}

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
const json = (value: unknown, headers: Readonly<Record<string, string>> = {}): Payload => ({
  headers: { ...JSON_TYPE, ...headers },
  body: JSON.stringify(value),
});
const bearer = (secret: Secret | undefined): Record<string, string> =>
  secret === undefined ? {} : { authorization: `Bearer ${secret.reveal()}` };

/** Returns the message in the format of a channel. */
export const payloadOf = (type: ChannelType, message: Message): Payload => FORMATS[type](message);

const CARD_COLORS = { failed: "red", drift: "orange", done: "green", over: "green" } as const;

/** One row for each type of channel. */
const FORMATS: Readonly<Record<ChannelType, (message: Message) => Payload>> = {
  /** A card of version 2.0, signed as Feishu's custom bots require it when signature verification is on. */
  feishu({ notice, repeated, secret, nowMs }) {
    const timestamp = String(Math.floor(nowMs / 1_000));
    const signed = secret && {
      timestamp,
      sign: createHmac("sha256", `${timestamp}\n${secret.reveal()}`).digest("base64"),
    };
    return json({
      ...signed,
      msg_type: "interactive",
      card: {
        schema: "2.0",
        config: { update_multi: true },
        header: {
          template: CARD_COLORS[notice.state],
          title: { tag: "plain_text", content: noticeTitle(notice) },
        },
        body: {
          elements: [{ tag: "markdown", content: noticeLines(notice, repeated).map(escapeMarkdown).join("\n") }],
        },
      },
    });
  },
  json({ notice, repeated, secret }) {
    const { atMs, ...rest } = notice;
    const more = repeated && { repeated: repeated.times, repeatedSince: new Date(repeated.sinceMs).toISOString() };
    return json({ version: 1, at: new Date(atMs).toISOString(), ...rest, ...more }, bearer(secret));
  },
  slack({ notice, repeated }) {
    const title = escapeSlack(noticeTitle(notice));
    const text = escapeSlack(noticeLines(notice, repeated).join("\n"));
    return json({
      text: title,
      blocks: [
        // Slack limits a header to 150 characters and a section to 3,000.
        { type: "header", text: { type: "plain_text", text: noticeTitle(notice).slice(0, 150), emoji: true } },
        { type: "section", text: { type: "mrkdwn", text: text.slice(0, 3_000) } },
      ],
    });
  },
  ntfy({ notice, repeated, secret }) {
    return {
      headers: {
        "content-type": "text/plain; charset=utf-8",
        // An HTTP header holds ASCII only. ntfy decodes RFC 2047.
        title: `=?UTF-8?B?${Buffer.from(noticeTitle(notice)).toString("base64")}?=`,
        priority: notice.state === "failed" || notice.state === "drift" ? "high" : "default",
        tags: notice.event,
        ...bearer(secret),
      },
      body: noticeLines(notice, repeated).join("\n"),
    };
  },
};

/** Returns whether an answer with a status of success means that the message was accepted. */
export const isAccepted = (type: ChannelType, said: string): boolean =>
  !isWebPage(said) && (ACCEPTS[type]?.(said) ?? true);

/** A portal or a proxy that answers in the place of the receiver sends a page, often with 200. */
const isWebPage = (said: string): boolean => /^\W*<(!doctype|html|head|body)\b/i.test(said) || /^\s*<\?xml/.test(said);

const ACCEPTS: Readonly<Partial<Record<ChannelType, (said: string) => boolean>>> = {
  // Feishu always answers 200; its own code is in the body.
  feishu: (said) => /"(?:code|StatusCode)"\s*:\s*(-?\d+)/.exec(said)?.[1] === "0",
  // ntfy returns the message that it has stored.
  ntfy: (said) => said.trimStart().startsWith("{"),
};

/** Escapes Markdown, so that no text from outside becomes a link, a mention or a format. */
const escapeMarkdown = (line: string): string => line.replace(/[<>*_~`[\]]/g, (mark) => `&#${mark.charCodeAt(0)};`);
/** Escapes the characters that Slack treats as control characters. */
const escapeSlack = (line: string): string =>
  line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
