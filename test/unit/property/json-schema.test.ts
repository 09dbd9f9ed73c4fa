import fc from "fast-check";
import { expect, it } from "vitest";
import type { z } from "zod/mini";
import { isWellFormed } from "../../../src/config/check.ts";
import { declarationJsonSchema } from "../../../src/config/json-schema.ts";
import { accepts } from "../../support/json-schema.ts";

type JsonSchema = z.core.JSONSchema.JSONSchema;

const schema = declarationJsonSchema();

/** At least one that each pattern accepts, and several that are near to it and wrong. */
const TEXTS = [
  ...["", " ", "\t", "a", "shop", "Shop API", "a\nb", "a\u0000b", "a\u007fb", "__proto__", "constructor", "магазин"],
  ...[
    "x".repeat(50),
    "x".repeat(51),
    "x".repeat(64),
    "x".repeat(65),
    "x".repeat(200),
    "x".repeat(201),
    "x".repeat(256),
  ],
  ...["\u{1F600}".repeat(64), "\u{1F600}".repeat(65), "\u0085", "a\u2028", "\ufeffa", "\u00a0", "\ud800"],
  ...["file:./a", "file:", "file:a\nb", "env:NAME", "env:A B", "env:A=B", "env:", "secret", "File:a"],
  ...["vault:secret/shop#key", "vault:secret", "vault:a/../b", "vault:a//b", "vault:a/ . /b", "vault:/a", "vault:a/b#"],
  ...["vault:a/b#c?version=2", "vault:a/b?version=0", "vault:a/b#c#d", "vault:a/b c", "vault:a/...", "vault:a/b/"],
  ...["https://errors.example.com", "http://a", "http://a/", "http://a/b?c", "http://a/b#c", "http://u@a", "ftp://a"],
  ...["http://a:65535/x", "http://a:65536", "http://a:0", "http://a:", "http://[::1]:8000", "http://[", "http://a b"],
  ...["HTTP://a", "https://", "http://a:b", "http://a^b", "https://hooks.example.com/x?y#z", "HTTPS://H.example.com"],
  ...["glitchtip/glitchtip:6", "localhost:5000/g@sha256:0a", "-a", "a b", "x".repeat(255), `${"x".repeat(256)}:1`],
  ...["03:15", "3:15", "24:00", "23:60", "0 4 * * 0", "0 4 * * 7", "0 4 * * 8", "*/5 * * * *", "*/0 * * * *"],
  ...["59,0-30/2 23 31 12 7", "60 * * * *", "* * * *", "007 * * * *", "* 24 * * *", "* * 32 * *", "1- * * * *"],
  ...["512m", "2g", "200m", "199m", "0200m", "0g", "1g", "031m", "32m", "127m", "128m", "1000m", "2G", "m", "10g"],
  ...[
    "backups",
    ".",
    "..",
    "./",
    "../..",
    "../backups",
    "./backups",
    "/",
    "//",
    "/.",
    "/etc",
    "/etc/x",
    "//usr",
    "/./bin/",
  ],
  ...[
    "/var",
    "/var/",
    "/var/backups",
    "/var/lib",
    "/var/lib/x",
    "/srv",
    "/srv/backups",
    "/home/me",
    "/mnt",
    "etc",
    "/e",
  ],
  ...["a/b.env", "/a", "a/", "a/../b", "a//b", "./a", "a\\b", "C:a", "a/..b", ".env.local", "a\u200bb", ".../a"],
  ...["admin@example.com", "a@b", "a b@c.d", "@", "a@b.c.", "errors.example.com", "Errors.example.com", "localhost"],
  ...["1", "0", "42", "env:ID", "1.5", "90d", "0d", "90", "9999d", "10000d", "64kB", "1GB", "1gb", "mount", "image:a"],
  ...[
    "SENTRY_DSN",
    "A=B",
    "glitchtip-db",
    "glitchtip-db-18",
    "other-db",
    "shop/",
    "shop/a/",
    "shop",
    "my-bucket",
    "A_b",
  ],
  ...["daily=7,weekly=4", "daily=", "daily=7,", "file:ca.pem", "us-east-1", "nothing of this"],
];
const NUMBERS = [-1, 0, 0.05, 0.1, 0.5, 1, 1.5, 2, 5, 20, 49, 50, 60, 90, 99, 100, 101, 256, 257, 599, 600, 3_600];
const MORE_NUMBERS = [8_000, 32_767, 32_768, 65_535, 65_536, 86_399, 600_000, 600_001, 2 ** 53];
const OTHERS = [null, true, false, [], {}, [null], { a: 1 }, ...NUMBERS, ...MORE_NUMBERS, ...TEXTS];

const fittingOnes = new Map<JsonSchema, readonly unknown[]>();

/** Returns those of `all`, which is always the same for a schema, that the schema accepts. */
function fitting(all: readonly unknown[], of: JsonSchema): readonly unknown[] {
  const fit = fittingOnes.get(of) ?? all.filter((one) => accepts(of, one));
  fittingOnes.set(of, fit);
  expect(fit, JSON.stringify(of)).not.toEqual([]);
  return fit;
}

class RandomDeclaration {
  private readonly choose: (bound: number) => number;
  constructor(choose: (bound: number) => number) {
    this.choose = choose;
  }

  /** Mostly a value that the schema accepts, now and then any other one. */
  value(of: JsonSchema): unknown {
    if (this.choose(40) === 0) return this.one(OTHERS);
    if (of.const !== undefined) return of.const;
    if (of.enum !== undefined) return this.one(of.enum);
    if (of.anyOf !== undefined) return this.value(this.one(of.anyOf) as JsonSchema);
    switch (of.type) {
      case "string":
        return this.fitting(TEXTS, of);
      case "integer":
      case "number":
        return this.fitting([...NUMBERS, ...MORE_NUMBERS], of);
      case "boolean":
        return this.choose(2) === 0;
      case "null":
        return null;
      case "array":
        return Array.from({ length: this.choose(3) }, () => this.value(of.items as JsonSchema));
      default:
        return this.map(of);
    }
  }

  private fitting(all: readonly unknown[], of: JsonSchema): unknown {
    return this.one(this.choose(20) === 0 ? all : fitting(all, of));
  }

  private map({ properties, additionalProperties, propertyNames, required = [] }: JsonSchema): object {
    const entries: [string, unknown][] = [];
    for (const [name, of] of Object.entries(properties ?? {})) {
      if (this.choose(30) === 0) continue;
      if (required.includes(name) || this.choose(4) === 0) entries.push([name, this.value(of as JsonSchema)]);
    }
    if (typeof additionalProperties === "object") {
      for (let left = this.choose(3); left > 0; left -= 1) {
        entries.push([this.fitting(TEXTS, propertyNames as JsonSchema) as string, this.value(additionalProperties)]);
      }
    } else if (this.choose(60) === 0) entries.push([this.one(["nmae", "__proto__", "constructor"]), {}]);
    return Object.fromEntries(entries);
  }

  private one<T>(all: readonly T[]): T {
    return all[this.choose(all.length)] as T;
  }
}

it("accepts exactly the declarations whose form the program accepts", () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.gen(), (draw) => {
      const random = new RandomDeclaration((bound) => draw(fc.nat, { max: bound - 1 }));
      const declaration = random.value(schema);
      const fits = isWellFormed(declaration);
      if (fits) accepted += 1;
      expect(accepts(schema, declaration), JSON.stringify(declaration)).toBe(fits);
    }),
    { numRuns: 1_000, endOnFailure: true },
  );
  expect(accepted).toBeGreaterThan(100);
  expect(accepted).toBeLessThan(900);
});

it("accepts and refuses the same values for each kind of key", () => {
  const asked = new Set<string>();
  const differences: unknown[] = [];
  for (const { of, put } of places(schema)) {
    if (of.properties !== undefined) continue;
    const kind = JSON.stringify({ ...of, description: "", default: "" });
    if (asked.has(kind)) continue;
    asked.add(kind);
    for (const value of OTHERS) {
      const declaration = put(value);
      if (accepts(schema, declaration) !== isWellFormed(declaration)) differences.push(declaration);
    }
  }
  expect(asked.size).toBeGreaterThan(80);
  expect(differences).toEqual([]);
}, 60_000);

interface Place {
  readonly of: JsonSchema;
  /** Returns a declaration that has a value at this place and is well-formed elsewhere. */
  put(value: unknown): unknown;
}

function* places(of: JsonSchema, put: Place["put"] = (value) => value): Generator<Place> {
  yield { of, put };
  const { properties = {}, additionalProperties, items, anyOf = [], propertyNames } = of;
  for (const [name, child] of Object.entries(properties)) {
    const around = (value: unknown) => put({ ...(least(of) as object), [name]: value });
    yield* places(child as JsonSchema, around);
  }
  if (typeof additionalProperties === "object") yield* places(additionalProperties, (value) => put({ a: value }));
  if (propertyNames !== undefined && typeof additionalProperties === "object") {
    const named = (name: unknown) =>
      put(typeof name === "string" ? Object.fromEntries([[name, least(additionalProperties)]]) : name);
    yield { of: propertyNames as JsonSchema, put: named };
  }
  if (typeof items === "object") yield* places(items as JsonSchema, (value) => put([value]));
  for (const form of anyOf) yield* places(form as JsonSchema, put);
}

/** Returns a small value that the schema accepts. */
function least(of: JsonSchema): unknown {
  if (of.type !== "object") return of.enum?.[0] ?? fitting(OTHERS, of)[0];
  const entries = (of.required ?? []).map((name) => [name, least(of.properties?.[name] as JsonSchema)]);
  return Object.fromEntries(entries);
}

it("describes every key", () => {
  const keys = [...described(schema)];
  expect(keys.length).toBeGreaterThan(200);
  expect(keys.filter(([, text]) => !text)).toEqual([]);
});

function* described(of: JsonSchema, path = ""): Generator<[string, string | undefined]> {
  for (const [name, child] of Object.entries(of.properties ?? {})) {
    yield [`${path}.${name}`, (child as JsonSchema).description];
    yield* described(child as JsonSchema, `${path}.${name}`);
  }
  for (const form of [of.items, of.additionalProperties, ...(of.anyOf ?? [])]) {
    if (typeof form === "object") yield* described(form as JsonSchema, `${path}[]`);
  }
}
