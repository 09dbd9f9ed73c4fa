import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { compatSchema } from "../../../src/service/compat-schema.ts";
import { fastParser, testOf } from "../../../src/service/fast-validation.ts";
import { compatBodies } from "../../support/compat-bodies.ts";
import { propertyRuns } from "../../support/property-runs.ts";

describe("fast validation", () => {
  it("accepts and fills what zod accepts, and refuses the rest with its words", () => {
    const fast = fastParser(compatSchema);
    const isSure = testOf(compatSchema);
    const sure = { count: 0 };
    fc.assert(
      fc.property(compatBodies, (body) => {
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
