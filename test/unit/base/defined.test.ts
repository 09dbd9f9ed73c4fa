import { expect, it } from "vitest";
import { defined } from "../../../src/base/defined.ts";

it("leaves out undefined fields and keeps every other value", () => {
  const fields: { a: number; b?: string | undefined; c: null; d?: boolean | undefined } = {
    a: 0,
    b: undefined,
    c: null,
    d: false,
  };
  const result: { a: number; b?: string; c: null; d?: boolean } = defined(fields);
  expect(result).toEqual({ a: 0, c: null, d: false });
  expect(Object.hasOwn(result, "b")).toBe(false);
});
