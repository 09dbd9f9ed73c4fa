import type { AlertInput, RecipientInput } from "../glitchtip/calls/alerts.ts";
import type { KeyInput } from "../glitchtip/calls/keys.ts";
import type { MonitorInput } from "../glitchtip/calls/monitors.ts";
import {
  type DesiredAlert,
  type DesiredKey,
  type DesiredMonitor,
  type DesiredRecipient,
  textOf,
} from "../reconcile/index.ts";

/** What is wanted, as the server takes it. Here secrets become text: only a request's body carries them. */
export const alertInput = ({ name, timespanMinutes, quantity, uptime, recipients }: DesiredAlert): AlertInput => ({
  name,
  timespanMinutes,
  quantity,
  uptime,
  alertRecipients: recipients.map(recipientInput),
});

function recipientInput({ type, url, tagsToAdd, zulip }: DesiredRecipient): RecipientInput {
  const text = textOf(url);
  return {
    recipientType: type,
    ...(text === "" ? {} : { url: text }),
    ...(tagsToAdd === undefined ? {} : { tagsToAdd }),
    ...(zulip === undefined ? {} : { ...zulip, apiKey: zulip.apiKey.reveal() }),
  };
}

export const keyInput = ({ label, rateLimit }: DesiredKey): KeyInput => ({
  name: label,
  ...(rateLimit == null ? {} : { rateLimit }),
});

export const monitorInput = (monitor: DesiredMonitor, projectId: string | undefined): MonitorInput => ({
  monitorType: monitor.type,
  name: monitor.name,
  url: textOf(monitor.url),
  expectedStatus: monitor.expectedStatus,
  expectedBody: monitor.expectedBody,
  interval: monitor.intervalSeconds,
  timeout: monitor.timeoutSeconds,
  project: projectId ?? null,
});
