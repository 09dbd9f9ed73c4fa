import { createHmac } from "node:crypto";
import type { Secret } from "../../base/secret.ts";
import { linesOf, type Notice, type Repeated, titleOf } from "./notice.ts";

export type ChannelType = "feishu" | "json" | "slack" | "ntfy";

export interface Payload {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Told {
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

/** The message in a channel's own form. */
export const payloadOf = (type: ChannelType, told: Told): Payload => FORMS[type](told);

const FORMS: Readonly<Record<ChannelType, (told: Told) => Payload>> = {
  /** A card in format 2.0; signed as a custom bot with signature verification wants it. */
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
          template: notice.state === "failed" ? "red" : "green",
          title: { tag: "plain_text", content: titleOf(notice) },
        },
        body: {
          // Only a newline of its own ends a line of a card's Markdown.
          elements: [{ tag: "markdown", content: linesOf(notice, repeated).map(asText).join("\n") }],
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
    const title = slackText(titleOf(notice));
    const text = slackText(linesOf(notice, repeated).join("\n"));
    return json({
      text: title,
      blocks: [
        // Slack's limits: 150 characters in a header, 3000 in a section.
        { type: "header", text: { type: "plain_text", text: titleOf(notice).slice(0, 150), emoji: true } },
        { type: "section", text: { type: "mrkdwn", text: text.slice(0, 3_000) } },
      ],
    });
  },
  ntfy({ notice, repeated, secret }) {
    return {
      headers: {
        "content-type": "text/plain; charset=utf-8",
        // A header holds ASCII only; ntfy decodes RFC 2047.
        title: `=?UTF-8?B?${Buffer.from(titleOf(notice)).toString("base64")}?=`,
        priority: notice.state === "failed" ? "high" : "default",
        tags: notice.event,
        ...bearer(secret),
      },
      body: linesOf(notice, repeated).join("\n"),
    };
  },
};

/** Nothing of what a server said becomes a link, a mention or a format. */
const asText = (line: string): string => line.replace(/[<>*_~`[\]]/g, (mark) => `&#${mark.charCodeAt(0)};`);
const slackText = (line: string): string =>
  line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
