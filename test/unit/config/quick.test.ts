import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { project } from "../../../src/config/schema/project.ts";

/** The same schema, read by zod alone. */
const byZod = project.clone(project._zod.def);

const WHOLE = {
  name: "Shop",
  team: "backend",
  platform: "node",
  throttle: 5,
  keys: [
    { label: "a", rateLimit: { window: 60, count: 10 } },
    { label: "b", rateLimit: null },
  ],
  alerts: [
    { name: "errors", quantity: 1, timespanMinutes: null, recipients: [{ type: "email" }] },
    {
      name: "up",
      uptime: true,
      recipients: [{ type: "webhook", url: "https://hooks.example.com/a", tagsToAdd: ["x"] }],
    },
  ],
  monitors: [{ name: "site", type: "GET", url: "https://a.example", intervalSeconds: 60, expectedBody: "" }],
  jira: { project: "SHOP", labels: ["a"] },
};

const word = fc.oneof(
  fc.constantFrom(
    "email",
    "webhook",
    "GET",
    "x",
    "",
    " ",
    "__proto__",
    "a\u0000",
    "env:A",
    "https://a.example/b",
    "http://",
    "y".repeat(300),
  ),
  fc.integer({ min: -2, max: 40_000 }),
  fc.constantFrom(1.5, Number.NaN, Number.POSITIVE_INFINITY, null, undefined, true, false),
);
const key = fc.constantFrom(
  "name",
  "team",
  "slug",
  "platform",
  "throttle",
  "keys",
  "label",
  "rateLimit",
  "window",
  "count",
  "alerts",
  "quantity",
  "timespanMinutes",
  "uptime",
  "recipients",
  "type",
  "url",
  "tagsToAdd",
  "monitors",
  "intervalSeconds",
  "jira",
  "other",
);
const { node } = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    word,
    fc.array(tie("node"), { maxLength: 2 }),
    fc.dictionary(key, tie("node"), { maxKeys: 5 }),
  ),
}));

/** The whole one with a few things in it put in the place of others, taken away or added. */
const nearly = fc
  .array(fc.tuple(fc.nat(), key, node, fc.boolean()), { maxLength: 3 })
  .map((changes) => changes.reduce(changed, structuredClone(WHOLE) as object));

function changed(value: object, [nth, name, inside, isGone]: [number, string, unknown, boolean]): object {
  const maps: Record<string, unknown>[] = [];
  const visit = (one: unknown): void => {
    if (typeof one !== "object" || one === null) return;
    if (!Array.isArray(one)) maps.push(one as Record<string, unknown>);
    Object.values(one).forEach(visit);
  };
  visit(value);
  const map = maps[nth % maps.length] ?? {};
  if (isGone) delete map[name];
  else map[name] = inside;
  return value;
}

describe("a project that is read quickly", () => {
  it("is its own result where nothing is wrong and nothing has to be filled in", () => {
    const read = z.safeParse(project, WHOLE);
    expect(read.success && read.data).toBe(WHOLE);
    expect(z.safeParse(byZod, WHOLE)).toEqual({ success: true, data: WHOLE });
  });

  it("never differs from what zod makes of it, in its values and in its mistakes", () => {
    fc.assert(
      fc.property(fc.oneof(nearly, node), (value) => {
        expect(z.safeParse(project, value)).toEqual(z.safeParse(byZod, value));
      }),
      { numRuns: 5_000 },
    );
  });
});
