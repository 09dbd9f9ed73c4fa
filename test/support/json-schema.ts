import { isDeepStrictEqual } from "node:util";
import type { z } from "zod/mini";

type JsonSchema = z.core.JSONSchema.JSONSchema;
type Keyword = (value: unknown, limit: never, schema: JsonSchema) => boolean;

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  object: isMap,
  null: (value) => value === null,
};

const text = (test: (value: string, limit: never) => boolean): Keyword => {
  return (value, limit) => typeof value !== "string" || test(value, limit);
};
const number = (test: (value: number, limit: number) => boolean): Keyword => {
  return (value, limit) => typeof value !== "number" || test(value, limit);
};
const map = (test: (value: Record<string, unknown>, limit: never, schema: JsonSchema) => boolean): Keyword => {
  return (value, limit, schema) => !isMap(value) || test(value, limit, schema);
};
const always: Keyword = () => true;

/** Draft 7 as the specification has it: lengths are code points, and patterns are Unicode's. */
const KEYWORDS: Readonly<Record<string, Keyword>> = {
  $schema: always,
  title: always,
  description: always,
  examples: always,
  default: always,
  type: (value, name: string) => TYPES[name]?.(value) === true,
  const: (value, wanted) => isDeepStrictEqual(value, wanted),
  enum: (value, all: unknown[]) => all.includes(value),
  not: (value, schema: JsonSchema) => !accepts(schema, value),
  anyOf: (value, forms: JsonSchema[]) => forms.some((form) => accepts(form, value)),
  allOf: (value, forms: JsonSchema[]) => forms.every((form) => accepts(form, value)),
  pattern: text((value, pattern: string) => regex(pattern).test(value)),
  minLength: text((value, least: number) => [...value].length >= least),
  maxLength: text((value, most: number) => [...value].length <= most),
  minimum: number((value, least) => value >= least),
  maximum: number((value, most) => value <= most),
  exclusiveMinimum: number((value, least) => value > least),
  minItems: (value, least: number) => !Array.isArray(value) || value.length >= least,
  items: (value, schema: JsonSchema) => !Array.isArray(value) || value.every((one) => accepts(schema, one)),
  required: map((value, names: string[]) => names.every((name) => Object.hasOwn(value, name))),
  minProperties: map((value, least: number) => Object.keys(value).length >= least),
  propertyNames: map((value, schema: JsonSchema) => Object.keys(value).every((name) => accepts(schema, name))),
  properties: map((value, properties: Record<string, JsonSchema>) =>
    Object.entries(value).every(([name, one]) => {
      const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return schema === undefined || accepts(schema, one);
    }),
  ),
  additionalProperties: map((value, schema: JsonSchema | boolean, { properties = {} }) =>
    Object.entries(value).every(
      ([name, one]) => Object.hasOwn(properties, name) || (schema !== false && accepts(schema as JsonSchema, one)),
    ),
  ),
};

const compiled = new Map<string, RegExp>();

function regex(pattern: string): RegExp {
  const found = compiled.get(pattern) ?? new RegExp(pattern, "u");
  compiled.set(pattern, found);
  return found;
}

/** Returns whether a JSON Schema accepts a value. Throws for a keyword that it does not know. */
export function accepts(schema: JsonSchema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, limit]) => {
    const test = KEYWORDS[keyword];
    if (test === undefined) throw new Error(`the keyword ${keyword} is not known`);
    return test(value, limit as never, schema);
  });
}
