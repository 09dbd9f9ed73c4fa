import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { compatSchema } from "../../../src/service/compat-schema.ts";
import { fastParser, testOf } from "../../../src/service/fast-validation.ts";
import { propertyRuns } from "../../support/property-runs.ts";

/** Mostly a valid value, at times one that is wrong, at times none. */
const often = <T>(good: fc.Arbitrary<T>) =>
  fc.oneof(
    { arbitrary: good, weight: 60 },
    {
      arbitrary: fc.constantFrom<unknown[]>(
        undefined,
        null,
        "",
        "ftp://a",
        "x".repeat(300),
        0,
        -1,
        32_768,
        1.5,
        [],
        {},
        true,
      ),
      weight: 1,
    },
  );
const EXTRA = ["extra", "__proto__"];
const object = (shape: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .tuple(fc.record(shape), fc.nat(60))
    .map(([value, nth]) => JSON.parse(JSON.stringify(nth > 1 ? value : { ...value, [EXTRA[nth] ?? ""]: 1 })));
const url = often(fc.constantFrom("https://hooks.example.com/x", "http://a", " HTTPS://a.example.com"));
const recipient = fc.oneof(
  object({ recipient_type: fc.constant("email") }),
  object({ recipient_type: fc.constant("webhook"), url }),
  object({ recipient_type: often(fc.constantFrom("email", "webhook")), url }),
);
const alert = object({
  name: often(fc.constantFrom("a", "b")),
  timespan_minutes: often(fc.integer({ min: 1, max: 32_767 })),
  quantity: often(fc.integer({ min: 1, max: 32_767 })),
  recipients: often(fc.array(recipient, { maxLength: 2 })),
});
const project = object({
  name: often(fc.constantFrom("Shop", "…")),
  slug: often(fc.constantFrom("shop", "jobs")),
  alerts: often(fc.array(alert, { maxLength: 2 })),
});
const organization = object({ name: often(fc.constant("Acme")), projects: often(fc.array(project, { maxLength: 2 })) });
const token = object({
  secret_manager_url: url,
  path: often(fc.constant("secret/x")),
  field: often(fc.constant("token")),
  version: often(fc.constant(2)),
});
const instance = object({
  name: often(fc.constantFrom("one", "two")),
  console_url: url,
  token: often(token),
  read_timeout: often(fc.constant(30)),
  max_retries: often(fc.constant(0)),
  organizations: often(fc.array(organization, { maxLength: 2 })),
});
const request = object({ instances: often(fc.array(instance, { maxLength: 2 })), dry_run: often(fc.boolean()) });

describe("fast validation", () => {
  it("accepts and fills what zod accepts, and refuses the rest with its words", () => {
    const fast = fastParser(compatSchema);
    const isSure = testOf(compatSchema);
    const sure = { count: 0 };
    fc.assert(
      fc.property(request, (body) => {
        const expected = z.safeParse(compatSchema, structuredClone(body));
        if (isSure(structuredClone(body))) sure.count++;
        const found = (() => {
          try {
            return fast(structuredClone(body));
          } catch (error) {
            return (error as z.core.$ZodError).issues;
          }
        })();
        expect(found).toEqual(expected.success ? expected.data : expected.error.issues);
      }),
      propertyRuns(1_000),
    );
    // The fast way is taken: otherwise nothing was compared.
    expect(sure.count).toBeGreaterThan(20);
  });

  it("takes every request that zod accepts", () => {
    const whole = {
      name: "one",
      console_url: "https://errors.example.com",
      token: { secret_manager_url: "https://vault.example.com", path: "secret/x" },
      organizations: [
        {
          name: "Acme",
          projects: [
            {
              name: "Shop",
              alerts: [
                {
                  name: "errors",
                  timespan_minutes: 1,
                  quantity: 10,
                  recipients: [
                    { recipient_type: "email" },
                    { recipient_type: "webhook", url: "https://hooks.example.com/x" },
                  ],
                },
              ],
            },
          ],
        },
      ],
    };
    expect(testOf(compatSchema)({ instances: [whole] })).toBe(true);
  });

  it("leaves what it does not know to zod", () => {
    for (const schema of [z.union([z.string(), z.int()]), z.record(z.string(), z.string()), z.url(), z.number()]) {
      expect(testOf(schema)("https://example.com")).toBe(false);
      expect(testOf(z.strictObject({ one: schema }))({ one: "https://example.com" })).toBe(false);
    }
    expect(testOf(z.object({ one: z.string() }))({ one: "a", two: "b" })).toBe(false);
  });
});
