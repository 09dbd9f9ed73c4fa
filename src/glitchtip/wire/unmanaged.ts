import type { Shape } from "./shape.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** The fields that a declaration manages, and those of an answer that no request has (the schemas of 6.2.6, read). */
const FIELDS = {
  organization: {
    managed: ["name"],
    answerOnly: ["id", "slug", "dateCreated", "status", "avatar", "projects", "teams", "access"],
  },
  project: {
    managed: ["name", "slug", "platform", "eventThrottleRate"],
    answerOnly: [
      "id",
      "dateCreated",
      "avatar",
      "color",
      "features",
      "hasAccess",
      "isBookmarked",
      "isInternal",
      "isMember",
      "firstEvent",
      "teams",
      "organization",
    ],
  },
  alert: {
    managed: ["name", "timespanMinutes", "quantity", "uptime", "alertRecipients"],
    answerOnly: ["id"],
  },
  recipient: { managed: ["recipientType", "url", "tagsToAdd"], answerOnly: ["id", "config"] },
  monitor: {
    managed: [
      "monitorType",
      "name",
      "url",
      "expectedStatus",
      "expectedBody",
      "interval",
      "timeout",
      "confirmationThreshold",
      // 4.1 calls it `project`, later generations `projectID` (monitors scenario).
      "project",
      "projectID",
    ],
    answerOnly: [
      "id",
      "created",
      "endpointID",
      "heartbeatEndpoint",
      "isUp",
      "lastChange",
      "checks",
      "projectName",
      "envName",
      "environment",
      "environmentID",
      "organization",
      "organizationID",
    ],
  },
} as const;

type Replaced = keyof typeof FIELDS;

const NOT_SENT_BACK = new Map(
  Object.entries(FIELDS).map(([kind, { managed, answerOnly }]) => [kind, new Set<string>([...managed, ...answerOnly])]),
);

/**
 * Returns the fields of an answer that a PUT has to send back, because it replaces the whole object and no declaration
 * names them; undefined where there are none.
 */
export function unmanagedFields(kind: Replaced, answer: Fields): Fields | undefined {
  const notSentBack = NOT_SENT_BACK.get(kind);
  let found: Record<string, unknown> | undefined;
  for (const name in answer) {
    if (notSentBack?.has(name)) continue;
    found ??= {};
    found[name] = answer[name];
  }
  return found;
}

type WithUnmanaged<T> = T & { readonly unmanaged?: Fields };

/** Returns the shape whose values have the unmanaged fields beside them. */
export const withUnmanaged = <T>(kind: Replaced, shape: Shape<T>): Shape<WithUnmanaged<T>> => ({
  safeParse(value) {
    const read = shape.safeParse(value);
    if (!read.success) return read;
    const unmanaged = unmanagedFields(kind, value as Fields);
    const data: T & { unmanaged?: Fields } = Object.assign({}, read.data);
    if (unmanaged !== undefined) data.unmanaged = unmanaged;
    return { success: true, data };
  },
});
