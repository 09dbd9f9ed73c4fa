import { expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { sealWith } from "../../../src/service/seal.ts";

it("a sealed text is opened by the same secret only, and is never the same twice", () => {
  const seal = sealWith(new Secret("one secret of the service"));
  const text = JSON.stringify({ url: "https://hooks.example.com/canary" });
  const sealed = seal.seal(...Array.from(text, (character) => Buffer.from(character)));
  expect(seal.open(sealed).toString()).toBe(text);
  expect(sealed).not.toEqual(seal.seal(Buffer.from(text)));
  expect(sealed.toString("latin1")).not.toContain("canary");
  expect(() => sealWith(new Secret("another")).open(sealed)).toThrow(expect.objectContaining({ code: "GC2004" }));
  const changed = Buffer.concat([sealed.subarray(0, -1), Buffer.from([(sealed.at(-1) ?? 0) ^ 1])]);
  expect(() => seal.open(changed)).toThrow("cannot be decrypted");
  expect(() => seal.open(sealed.subarray(0, 20))).toThrow("cannot be decrypted");
});
