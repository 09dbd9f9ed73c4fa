import type { Incoming, RouteCall } from "./call.ts";
import { ApiError, DatabaseError } from "./reply.ts";
import type { World } from "./world.ts";

/** The rules for one field of a JSON body. Errors have pydantic's wording. */
interface Field {
  readonly type: "string" | "integer" | "boolean" | "list" | "object" | "any";
  readonly optional?: boolean;
  readonly nullable?: boolean;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly least?: number;
  readonly most?: number;
  readonly oneOf?: readonly string[];
}

export type BodyFields = Readonly<Record<string, Field>>;

export type Complaint = Readonly<Record<string, unknown>>;

type Location = readonly (string | number)[];

export const invalid = (complaints: readonly Complaint[]): ApiError => new ApiError(422, complaints);
const missing = (loc: Location): Complaint => ({ type: "missing", loc, msg: "Field required" });

/** Returns the body as an object with the declared fields only. Throws the 400, 422 or 500 of the real server. */
export function readBody(incoming: Incoming, fields: BodyFields): Record<string, unknown> {
  if (incoming.body.length === 0) throw invalid([missing(["body", "payload"])]);
  let value: unknown;
  try {
    value = JSON.parse(incoming.body.toString("utf8"));
  } catch {
    throw new ApiError(400, "Cannot parse request body");
  }
  const { checked, complaints } = checkFields(value, fields, ["body", "payload"]);
  if (complaints.length > 0) throw invalid(complaints);
  // Postgres refuses NUL characters in a text (errors: "NUL in a name").
  if (JSON.stringify(checked).includes("\\u0000")) throw new DatabaseError("NUL in a text");
  return checked;
}

/**
 * Returns the fields that only a later generation knows (the option `laterFields`), null where the body lacks one: such a
 * PUT resets it. `given` is the object that may have them.
 */
export function laterOf(world: World, given: unknown): Record<string, unknown> | undefined {
  if (world.laterFields.length === 0) return undefined;
  const from = isObject(given) ? given : {};
  return Object.fromEntries(world.laterFields.map((name) => [name, from[name] ?? null]));
}

/** Returns the same for the body of a call. */
export const laterFields = ({ world, body }: RouteCall): Record<string, unknown> | undefined =>
  world.laterFields.length === 0 ? undefined : laterOf(world, JSON.parse(body.toString("utf8")));

export function checkFields(
  value: unknown,
  fields: BodyFields,
  loc: Location,
): { checked: Record<string, unknown>; complaints: Complaint[] } {
  // A body that is not an object is treated as an object without fields (errors: "array instead of object").
  const given = isObject(value) ? value : {};
  const checked: Record<string, unknown> = {};
  const complaints: Complaint[] = [];
  for (const [name, field] of Object.entries(fields)) {
    if (!(name in given)) {
      if (!field.optional) complaints.push(missing([...loc, name]));
      continue;
    }
    const complaint = checkField(given[name], field);
    if (complaint) complaints.push({ type: complaint.type, loc: [...loc, name], ...complaint.rest });
    else checked[name] = given[name];
  }
  return { checked, complaints };
}

interface Finding {
  readonly type: string;
  readonly rest: { readonly msg: string; readonly ctx?: Readonly<Record<string, unknown>> };
}

const finding = (type: string, msg: string, ctx?: Readonly<Record<string, unknown>>): Finding => ({
  type,
  rest: ctx ? { msg, ctx } : { msg },
});

const TYPES = {
  string: { holds: (value: unknown) => typeof value === "string", type: "string_type", word: "string" },
  integer: { holds: Number.isInteger, type: "int_type", word: "integer" },
  boolean: { holds: (value: unknown) => typeof value === "boolean", type: "bool_type", word: "boolean" },
  list: { holds: Array.isArray, type: "list_type", word: "list" },
  object: { holds: isObject, type: "model_attributes_type", word: "dictionary or object to extract fields from" },
  any: { holds: () => true, type: "", word: "" },
} as const;

function checkField(value: unknown, field: Field): Finding | undefined {
  if (value === null && field.nullable) return;
  const { holds, type, word } = TYPES[field.type];
  if (!holds(value)) return finding(type, `Input should be a valid ${word}`);
  return typeof value === "string" ? checkText(value, field) : checkNumber(value, field);
}

function checkText(value: string, field: Field): Finding | undefined {
  const { maxLength, pattern, oneOf } = field;
  if (maxLength !== undefined && [...value].length > maxLength) {
    return finding("string_too_long", `String should have at most ${maxLength} characters`, { max_length: maxLength });
  }
  if (pattern !== undefined && !new RegExp(pattern).test(value)) {
    return finding("string_pattern_mismatch", `String should match pattern '${pattern}'`, { pattern });
  }
  if (oneOf && !oneOf.includes(value)) {
    const quoted = oneOf.map((one) => `'${one}'`);
    const expected = `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
    return finding("literal_error", `Input should be ${expected}`, { expected });
  }
  return undefined;
}

function checkNumber(value: unknown, { least, most }: Field): Finding | undefined {
  if (typeof value !== "number") return undefined;
  if (least !== undefined && value < least) {
    return finding("greater_than_equal", `Input should be greater than or equal to ${least}`, { ge: least });
  }
  if (most !== undefined && value > most) {
    return finding("less_than_equal", `Input should be less than or equal to ${most}`, { le: most });
  }
  return undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
