import { shapeOf, type Wrong } from "./shape.ts";
import { ID_WORD } from "./shapes.ts";
import { type Fields, unmanagedFields } from "./unmanaged.ts";

/** An alert as the server answers it, read as tolerantly as in managed.ts. */
export interface ServerAlert {
  readonly id: string;
  readonly name: string;
  readonly timespanMinutes: number | null;
  readonly quantity: number | null;
  readonly uptime: boolean;
  readonly recipients: readonly ServerRecipient[];
  /** What a PUT has to send back. */
  readonly unmanaged?: Fields;
}

interface ServerRecipient {
  readonly type: string;
  readonly url: string;
  /** The server does not return it before 6 (alerts scenario). */
  readonly tagsToAdd?: readonly string[];
  readonly config?: Fields;
  readonly unmanaged?: Fields;
}

interface Types {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
}

/** Reads alerts by hand, because a plan reads thousands and zod takes several times as long (docs/speed.md). */
export const alertShape = shapeOf<ServerAlert>((value, wrong) => {
  const alert = fields(value, wrong);
  const { id, alertRecipients } = alert;
  if ((typeof id !== "string" && typeof id !== "number") || !ID_WORD.test(String(id))) wrong("id");
  const unmanaged = unmanagedFields("alert", alert);
  return {
    id: String(id),
    name: stated(alert, "name", "string", wrong) ?? "",
    timespanMinutes: stated(alert, "timespanMinutes", "number", wrong) ?? null,
    quantity: stated(alert, "quantity", "number", wrong) ?? null,
    uptime: stated(alert, "uptime", "boolean", wrong) ?? false,
    recipients: list(alertRecipients, () => wrong("alertRecipients")).map((one, at) =>
      recipient(one, (...path) => wrong("alertRecipients", at, ...path)),
    ),
    ...(unmanaged === undefined ? {} : { unmanaged }),
  };
});

function recipient(value: unknown, wrong: Wrong): ServerRecipient {
  const one = fields(value, wrong);
  const { tagsToAdd, config } = one;
  const type = stated(one, "recipientType", "string", wrong);
  if (type === undefined) wrong("recipientType");
  const read = { type: type ?? "", url: stated(one, "url", "string", wrong) ?? "" };
  const unmanaged = unmanagedFields("recipient", one);
  if (tagsToAdd == null && config == null && unmanaged === undefined) return read;
  return {
    ...read,
    ...(unmanaged === undefined ? {} : { unmanaged }),
    ...(tagsToAdd == null ? {} : { tagsToAdd: texts(tagsToAdd, () => wrong("tagsToAdd")) }),
    ...(config == null ? {} : { config: fields(config, () => wrong("config")) }),
  };
}

function fields(value: unknown, wrong: Wrong): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  wrong();
  return {};
}

function list(value: unknown, wrong: Wrong): readonly unknown[] {
  if (value == null) return [];
  if (Array.isArray(value)) return value;
  wrong();
  return [];
}

function texts(value: unknown, wrong: Wrong): string[] {
  const all = list(value, wrong);
  if (all.every((one) => typeof one === "string")) return [...all];
  wrong();
  return [];
}

/** Returns undefined for null, too, which some generations send. */
function stated<K extends keyof Types>(from: Fields, key: string, type: K, wrong: Wrong): Types[K] | undefined {
  const value = from[key];
  if (value == null || typeof value === type) return (value ?? undefined) as Types[K] | undefined;
  wrong(key);
  return undefined;
}
