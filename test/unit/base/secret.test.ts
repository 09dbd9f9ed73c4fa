import { format, inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";

const secret = new Secret("Correct-Horse-7");

describe("a secret", () => {
  it.each<[string, () => string]>([
    ["as a string", () => String(secret)],
    ["in a template", () => `password ${secret}`],
    ["joined to a text", () => "password ".concat(secret as unknown as string)],
    ["in a list that is joined", () => [secret].join()],
    ["as JSON", () => JSON.stringify({ deep: [secret] })],
    ["inspected", () => inspect({ deep: { secret } }, { depth: 9, showHidden: true })],
    ["formatted as console.log does", () => format("%s %o %j", secret, secret, secret)],
    ["in an error's text", () => inspect(new Error(`refused ${secret}`, { cause: secret }))],
  ])("is masked %s", (_, print) => {
    const text = print();
    expect(text).toContain("[secret]");
    expect(text).not.toContain("Horse");
  });

  it("has no property with the value", () => {
    expect(Object.getOwnPropertyNames(secret)).toEqual([]);
    expect(JSON.stringify(Object.assign({}, secret))).toBe("{}");
  });

  it("is returned by reveal only", () => {
    expect(secret.reveal()).toBe("Correct-Horse-7");
  });
});
