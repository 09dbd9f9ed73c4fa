import fc from "fast-check";
import type { FastifyInstance, InjectOptions } from "fastify";
import { describe, expect, it } from "vitest";
import { accepts } from "../../../support/json-schema.ts";
import { propertyRuns } from "../../../support/property-runs.ts";
import { openTestApi } from "../../../support/service-api.ts";

// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema of any form, read key by key
type Schema = any;

interface Operation {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly body: Schema | undefined;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: Schema }>> }>>;
}

async function operationsOf(app: FastifyInstance): Promise<Operation[]> {
  const { paths } = (await app.inject("/openapi.json")).json();
  return Object.entries<Record<string, Schema>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]) => ({
      method: method.toUpperCase() as Operation["method"],
      path,
      parameters,
      body: requestBody?.content["application/json"].schema,
      responses,
    })),
  );
}

/** Values that no schema of ours asks for, in whatever place they are put. */
const anything = fc.oneof(
  fc.constantFrom<unknown>(null, "", "\u0000", "ä\ud800", -1, 0, 1e308, 0.5, true, [], {}, [[]], "__proto__", "../x"),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Generates what a schema describes, and now and then something else. */
function generated(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: describedBy(schema), weight: 9 }, { arbitrary: anything, weight: 1 });
}

function describedBy(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(generated));
  if (schema.pattern) return fc.stringMatching(new RegExp(schema.pattern));
  switch (schema.type) {
    case "string":
      return fc.oneof(
        fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 30, 300) }),
        fc.constantFrom("http://127.0.0.1:1", "https://errors.example.com", "a b", "Ä"),
      );
    case "integer":
      return fc.integer({ min: schema.minimum ?? -5, max: schema.maximum ?? 70_000 });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(generated(schema.items), { maxLength: 3 });
    case "object":
      return objectOf(schema);
    default:
      return anything;
  }
}

function objectOf({ properties = {}, required = [] }: Schema): fc.Arbitrary<object> {
  const fields = Object.entries<Schema>(properties).map(([name, one]) => [name, generated(one)] as const);
  const known = fc.record(Object.fromEntries(fields), { requiredKeys: required });
  const extra = fc.dictionary(fc.constantFrom("extra", "dryRun", "constructor"), anything, { maxKeys: 1 });
  return fc.oneof(
    { arbitrary: known, weight: 9 },
    { arbitrary: fc.tuple(known, extra).map(([a, b]) => ({ ...a, ...b })), weight: 1 },
  );
}

const textOf = (schema: Schema) =>
  generated(schema).map((value) => (typeof value === "string" ? value : JSON.stringify(value)));

/** Generates a request of an operation, most of them with a token that allows it. */
function requestOf({ method, path, parameters, body }: Operation, token: string): fc.Arbitrary<InjectOptions> {
  const named = Object.fromEntries(parameters.map(({ name, schema }) => [name, textOf(schema)]));
  return fc
    .record({
      named: fc.record(named, { requiredKeys: parameters.filter((one) => one.in === "path").map(({ name }) => name) }),
      payload: body === undefined ? fc.constant(undefined) : generated(body),
      authorization: fc.oneof(
        { arbitrary: fc.constant(`Bearer ${token}`), weight: 9 },
        { arbitrary: fc.constantFrom("", "Bearer x", "Basic eDp5"), weight: 1 },
      ),
    })
    .map(({ named: values, payload, authorization }) => {
      const value = (name: string) => encodeURIComponent((values[name] ?? "").replace(/\p{Cs}/gu, ""));
      const query = parameters.filter((one) => one.in === "query" && values[one.name] !== undefined);
      const url = path.replace(/\{(\w+)\}/g, (_, name) => value(name) || "-");
      const asked = query.map(({ name }) => `${name}=${value(name)}`).join("&");
      return {
        method,
        url: asked === "" ? url : `${url}?${asked}`,
        headers: { authorization, ...(payload === undefined ? {} : { "content-type": "application/json" }) },
        ...(payload === undefined ? {} : { payload: JSON.stringify(payload) ?? "null" }),
      };
    });
}

describe("the OpenAPI document of the service", () => {
  it("describes every answer to requests that are generated from it", async () => {
    const { app, token } = await openTestApi({ targets: { problems: () => [] } });
    const operations = await operationsOf(app);
    expect(operations.length).toBeGreaterThanOrEqual(10);
    const bearer = await token();
    const seen = new Set<string>();
    const request = fc
      .constantFrom(...operations)
      .chain((one) => requestOf(one, bearer).map((sent) => ({ one, sent })));
    await fc.assert(
      fc.asyncProperty(request, async ({ one, sent }) => {
        // Nothing ends a run here, so a waiting request would only last.
        if (sent.url?.toString().includes("timeout=")) return;
        const answer = await app.inject(sent);
        seen.add(`${one.method} ${one.path} ${answer.statusCode}`);
        expect(answer.statusCode).toBeLessThan(500);
        const described = one.responses[answer.statusCode];
        expect(described, `${one.method} ${one.path} ${answer.statusCode}`).toBeDefined();
        const type = String(answer.headers["content-type"]).split(";")[0] ?? "";
        const schema = described?.content?.[type]?.schema;
        expect(schema, `${one.path} ${type}`).toBeDefined();
        if (type === "application/json") expect(accepts(schema, answer.json())).toBe(true);
      }),
      propertyRuns(2_000),
    );
    // The requests come through to the work of each operation, not only to its checks. Few of those of one operation do, so
    // more of them are sent until one has.
    for (const [operation, status] of [
      [/^POST .*\/v1\/plan$/, 202],
      [/^POST .*\/reconcile$/, 202],
      [/^GET .*\/v1\/servers$/, 200],
      [/^GET .*\/v1\/runs$/, 200],
    ] as const) {
      const one = operations.find(({ method, path }) => operation.test(`${method} ${path}`));
      expect(one, String(operation)).toBeDefined();
      if (one === undefined) continue;
      const wanted = `${one.method} ${one.path} ${status}`;
      for (const sent of fc.sample(requestOf(one, bearer), 1_000)) {
        if (seen.has(wanted)) break;
        if (sent.url?.toString().includes("timeout=")) continue;
        seen.add(`${one.method} ${one.path} ${(await app.inject(sent)).statusCode}`);
      }
      expect([...seen]).toContain(wanted);
    }
    await app.close();
  });
});
