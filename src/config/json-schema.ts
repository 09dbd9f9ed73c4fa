import * as z from "zod/mini";
import { UNWRITABLE } from "./check.ts";
import { declarationSchema } from "./schema.ts";

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** An entry that may be empty (`projects: {shop: }`) has its defaults then. */
const MAPS_OF_DEFAULTS: readonly string[] = ["projects", "organizations"];

/** Returns the JSON Schema of glitchtip.yaml (draft 7, which every editor reads), made from the schema that checks it. */
export function declarationJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(declarationSchema, { io: "input", target: "draft-7" }) as JsonSchema;
  return { title: "glitchtip.yaml, the declaration of glitchtip-compose", ...forEditors(schema) };
}

/** Adds what is checked outside of the schema: characters that Compose cannot read, `__proto__`, and empty entries. */
function forEditors(schema: JsonSchema, name = ""): JsonSchema {
  const made: JsonSchema = { ...schema };
  const each = (one: unknown, key = "") => (isSchema(one) ? forEditors(one, key) : one) as JsonSchema;
  if (schema.anyOf) made.anyOf = schema.anyOf.map((form) => each(form));
  if (isSchema(schema.items)) made.items = each(schema.items);
  if (schema.properties) {
    const all = Object.entries(schema.properties);
    made.properties = Object.fromEntries(all.map(([key, value]) => [key, each(value, key)]));
  }
  if (schema.type === "string" && schema.enum === undefined && schema.const === undefined) {
    made.not = { pattern: UNWRITABLE.source };
  }
  if (isSchema(schema.additionalProperties)) {
    const entry = each(schema.additionalProperties);
    made.additionalProperties = MAPS_OF_DEFAULTS.includes(name) ? { anyOf: [entry, { type: "null" }] } : entry;
    made.propertyNames = { ...each(schema.propertyNames ?? { type: "string" }), not: { pattern: NAMES_NOT } };
  }
  return made;
}

const NAMES_NOT = `${UNWRITABLE.source}|^__proto__$`;

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null;
