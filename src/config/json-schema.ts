import * as z from "zod/mini";
import { UNWRITABLE } from "./check.ts";
import { declarationSchema } from "./schema.ts";
import { ENTRY_NAMES, EXAMPLES } from "./schema-examples.ts";

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** An entry that may be empty (`projects: {shop: }`) has its defaults then. */
const MAPS_OF_DEFAULTS: readonly string[] = ["projects", "organizations"];

/** Returns the JSON Schema of glitchtip.yaml (draft 7, which every editor reads), made from the schema that checks it. */
export function declarationJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(declarationSchema, { io: "input", target: "draft-7" }) as JsonSchema;
  return { title: "glitchtip.yaml, the declaration of glitchtip-compose", ...withExamples(forEditors(schema), "") };
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

/** Adds an example to each key. */
function withExamples(schema: JsonSchema, path: string): JsonSchema {
  const made: JsonSchema = { ...schema };
  const inside = (one: JsonSchema, step: string) => withExamples(one, path === "" ? step : `${path}.${step}`);
  if (schema.anyOf) made.anyOf = schema.anyOf.map((form) => (isSchema(form) ? withExamples(form, path) : form));
  if (isSchema(schema.items)) made.items = withExamples(schema.items as JsonSchema, `${path}[]`);
  if (isSchema(schema.additionalProperties)) made.additionalProperties = inside(schema.additionalProperties, "NAME");
  if (schema.properties) {
    made.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([key, value]) => {
        if (!isSchema(value)) return [key, value];
        const one = inside(value, key);
        return [key, { ...one, examples: [exampleOf(one, path === "" ? key : `${path}.${key}`)] }];
      }),
    );
  }
  return made;
}

/** Returns a value that the schema accepts: the stated one, or what its type and its parts give. Undefined where nothing does. */
function exampleOf(schema: JsonSchema, path: string): unknown {
  const stated = statedExample(path);
  if (stated !== undefined) return stated;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.default ?? schema.enum[0];
  if (schema.default !== undefined && typeof schema.default !== "object") return schema.default;
  const form = schema.anyOf?.find(isSchema);
  if (form !== undefined) return exampleOf(form as JsonSchema, path);
  if (schema.type === "boolean") return true;
  if (isSchema(schema.items)) return [exampleOf(schema.items as JsonSchema, `${path}[]`)];
  if (isSchema(schema.additionalProperties)) {
    const entry = exampleOf(schema.additionalProperties, `${path}.NAME`);
    return { [ENTRY_NAMES[path.split(".").at(-1) ?? ""] ?? "name"]: entry };
  }
  return schema.properties === undefined ? undefined : exampleOfObject(schema, path);
}

/** Returns the keys that have to be there; where none has to, the first one. */
function exampleOfObject({ properties = {}, required = [] }: JsonSchema, path: string): unknown {
  const names = required.length > 0 ? required : Object.keys(properties).slice(0, 1);
  return Object.fromEntries(
    names.map((name) => [name, exampleOf(properties[name] as JsonSchema, `${path}.${name}`)] as const),
  );
}

/** Returns the example for the longest end of the path that has one. */
function statedExample(path: string): unknown {
  const steps = path.split(".");
  const end = steps.map((_, at) => steps.slice(at).join(".")).find((one) => Object.hasOwn(EXAMPLES, one));
  return end === undefined ? undefined : EXAMPLES[end];
}

const NAMES_NOT = `${UNWRITABLE.source}|^__proto__$`;

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null;
