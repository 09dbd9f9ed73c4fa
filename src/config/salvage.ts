import * as z from "zod/mini";

type Schema = z.core.$ZodType;

/**
 * What can still be judged of a declaration with mistakes, so that all are told at once: single keys of maps are left
 * out, and in a list a hole stands for each entry with a mistake, so that the others keep their places.
 */
export function salvage(schema: Schema, value: unknown): unknown {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const def = definition(schema);
  if (def.shape !== undefined && isMap(value)) {
    const shape = def.shape as Readonly<Record<string, Schema>>;
    return Object.fromEntries(Object.entries(shape).map(([key, inner]) => [key, part(inner, value[key])]));
  }
  return undefined;
}

/** Of a map's value: lists and maps of named things are looked into, anything else is whole or not there. */
function part(schema: Schema, value: unknown): unknown {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const { element, valueType } = definition(schema);
  if (element !== undefined && Array.isArray(value)) {
    return value.map((one: unknown) => z.safeParse(element as Schema, one).data);
  }
  if (valueType !== undefined && isMap(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, salvage(valueType as Schema, one) ?? {}]),
    );
  }
  return undefined;
}

/** Without what only wraps: optional, default. */
export function definition(schema: Schema): Readonly<Record<string, unknown>> {
  let def = schema._zod.def as unknown as Readonly<Record<string, unknown>>;
  while ("innerType" in def) def = (def.innerType as Schema)._zod.def as unknown as typeof def;
  return def;
}

/** The entries of a list with their places, without its holes. */
export function* present<T>(list: readonly (T | undefined)[] = []): Generator<[number, T]> {
  for (let at = 0; at < list.length; at++) {
    const one = list[at];
    if (one !== undefined) yield [at, one];
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
