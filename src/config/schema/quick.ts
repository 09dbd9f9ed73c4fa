import type * as z from "zod/mini";
import { definition } from "../salvage.ts";

type Schema = z.core.$ZodType;

/** What zod has to look at itself. */
const UNSURE = Symbol("unsure");

/** The value as zod reads it. */
type Fits = (value: unknown) => unknown;

const unsure: Fits = () => UNSURE;

/**
 * The same schema, read in a fifth of the time where a value has no mistake and all that has a default: then it is its own
 * result, and no copy of it is made. Anything else is zod's, mistakes above all; tests hold both against each other.
 */
export function quick<S extends Schema>(schema: S): S {
  const { run } = schema._zod;
  let fits: Fits | undefined;
  schema._zod.run = (payload, context) => {
    fits ??= fitsOf(schema);
    if (fits(payload.value) === UNSURE) return run(payload, context);
    return payload;
  };
  return schema;
}

function fitsOf(schema: Schema): Fits {
  const fits = fitsAlone(schema);
  const checks = checksOf(schema);
  // Such a check asks first whether it is to be done.
  if (fits === unsure || checks.some(({ _zod }) => _zod.def.when !== undefined)) return unsure;
  if (checks.length === 0) return fits;
  const payload: z.core.ParsePayload<unknown> = { value: undefined, issues: [] };
  return (value) => {
    if (fits(value) === UNSURE) return UNSURE;
    payload.value = value;
    for (const { _zod } of checks) _zod.check(payload);
    if (payload.issues.length === 0 && payload.value === value) return value;
    payload.issues = [];
    return UNSURE;
  };
}

type Check = z.core.$ZodCheck<unknown>;

/** A number's format is a schema and a check in one. */
function checksOf(schema: Schema): readonly Check[] {
  const own: readonly unknown[] = schema._zod.traits.has("$ZodCheck") ? [schema] : [];
  const all = [...own, ...(schema._zod.def.checks ?? [])] as readonly Check[];
  return all.filter(({ _zod }) => _zod.def.check !== "describe");
}

function fitsAlone(schema: Schema): Fits {
  const { def, values } = schema._zod;
  const { innerType, element, catchall, coerce } = def as unknown as Readonly<Record<string, Schema | undefined>>;
  if (coerce) return unsure;
  switch (def.type) {
    case "string":
    case "boolean":
      return (value) => (typeof value === def.type ? value : UNSURE);
    case "number":
      return (value) => (Number.isFinite(value) ? value : UNSURE);
    case "enum":
    case "literal":
      return (value) => (values?.has(value as z.core.util.Primitive) ? value : UNSURE);
    case "optional":
    case "default":
    case "prefault":
      return innerType === undefined ? unsure : fitsOf(innerType);
    case "nullable": {
      const fits = innerType === undefined ? unsure : fitsOf(innerType);
      return (value) => (value === null ? null : fits(value));
    }
    case "array":
      return element === undefined ? unsure : list(fitsOf(element));
    case "object":
      return catchall?._zod.def.type === "never" ? map(schema) : unsure;
    default:
      return unsure;
  }
}

const list =
  (fits: Fits): Fits =>
  (value) => {
    if (!Array.isArray(value)) return UNSURE;
    for (const one of value) if (fits(one) === UNSURE) return UNSURE;
    return value;
  };

/** Its fields' schemas are looked at when the first value of them is read. */
function map(schema: Schema): Fits {
  const shape = definition(schema).shape as Readonly<Record<string, Schema>>;
  const needed = Object.keys(shape).filter((key) => shape[key]?._zod.optout !== "optional");
  const fields = new Map<string, Fits>();
  const fieldOf = (key: string): Fits => {
    const field = Object.hasOwn(shape, key) ? shape[key] : undefined;
    const fits = field === undefined ? unsure : fitsOf(field);
    fields.set(key, fits);
    return fits;
  };
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return UNSURE;
    for (const key of needed) if (!Object.hasOwn(value, key)) return UNSURE;
    for (const key in value) {
      const one = (value as Readonly<Record<string, unknown>>)[key];
      if ((fields.get(key) ?? fieldOf(key))(one) === UNSURE) return UNSURE;
    }
    return value;
  };
}
