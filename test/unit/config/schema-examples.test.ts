import { describe, expect, it } from "vitest";
import type { z } from "zod/mini";
import { declarationJsonSchema } from "../../../src/config/json-schema.ts";
import { EXAMPLES } from "../../../src/config/schema-examples.ts";
import { accepts } from "../../support/json-schema.ts";

type JsonSchema = z.core.JSONSchema.JSONSchema;

interface Key {
  readonly path: string;
  readonly schema: JsonSchema;
}

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null;

/** Yields every key of the schema, also those of entries, list items and alternatives. */
function* keysOf(schema: JsonSchema, path = ""): Generator<Key> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    if (!isSchema(child)) continue;
    const at = path === "" ? name : `${path}.${name}`;
    yield { path: at, schema: child };
    yield* keysOf(child, at);
  }
  if (isSchema(schema.additionalProperties)) yield* keysOf(schema.additionalProperties, `${path}.NAME`);
  if (isSchema(schema.items)) yield* keysOf(schema.items as JsonSchema, `${path}[]`);
  for (const form of schema.anyOf ?? []) if (isSchema(form)) yield* keysOf(form as JsonSchema, path);
}

const keys = [...keysOf(declarationJsonSchema())];

describe("the JSON Schema of glitchtip.yaml", () => {
  it("describes every key", () => {
    expect(keys.length).toBeGreaterThan(400);
    expect(keys.filter(({ schema }) => !schema.description?.trim()).map(({ path }) => path)).toEqual([]);
  });

  it("has an example of every key, which it accepts there", () => {
    const wrong = keys.filter(({ schema: { examples = [], ...schema } }) => {
      return examples.length === 0 || !examples.every((one) => one !== undefined && accepts(schema, one));
    });
    expect(wrong.map(({ path, schema }) => `${path}: ${JSON.stringify(schema.examples)}`)).toEqual([]);
  });

  it("has no secret as an example: each is a reference", () => {
    const secrets = keys.filter(({ path }) => /(?:token|password|secret|apiKey|accessKey|secretKey|jwt)$/i.test(path));
    expect(secrets.length).toBeGreaterThan(10);
    for (const { path, schema } of secrets) {
      for (const example of schema.examples ?? []) expect(String(example), path).toMatch(/^(?:env|file|vault):/);
    }
  });

  it("uses every stated example", () => {
    const shown = new Set(keys.map(({ path }) => path));
    const ends = [...shown, ...[...shown].map((path) => `${path}[]`)];
    const unused = Object.keys(EXAMPLES).filter(
      (end) => !ends.some((path) => path === end || path.endsWith(`.${end}`)),
    );
    expect(unused).toEqual([]);
  });
});
