import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerOf, headerTextOf, reasonOf } from "../../../src/references/vault/answers.ts";
import { mountIn } from "../../../src/references/vault/kv-secret.ts";

const URL_OF = "https://vault.example";
const answer = (status: number, body: unknown) => answerOf(URL_OF, { status, headers: {}, text: JSON.stringify(body) });

describe("the reason of a Vault's refusal", () => {
  it("never has text that the server echoed", () => {
    const token = "hvs.CAESIJ-secret";
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.constantFrom(400, 403, 404, 422), (before, after, status) => {
        for (const errors of [[`${before}${token}${after}`], [before, `bad token ${token}`], { [token]: before }]) {
          expect(reasonOf(answer(status, { errors }))).not.toContain("secret");
        }
      }),
    );
  });

  it("is not in the error of a server that cannot answer", () => {
    for (const status of [429, 500, 502, 503]) {
      expect(() => answer(status, { errors: ["bad token hvs.secret"] })).toThrow(
        expect.objectContaining({ code: "GC1701", message: expect.not.stringContaining("hvs") }),
      );
    }
  });

  it("names what Vault is known to say, else the status", () => {
    expect(
      reasonOf(answer(403, { errors: ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"] })),
    ).toBe("permission denied; invalid token");
    expect(reasonOf(answer(400, { errors: ["who knows"] }))).toBe("HTTP 400");
    expect(reasonOf(answer(400, {}))).toBe("HTTP 400");
  });
});

describe("a token from a server", () => {
  it("is none where it cannot be sent as a header", () => {
    expect(headerTextOf({ client_token: "hvs.a-b_c" }, "client_token")).toBe("hvs.a-b_c");
    for (const bad of ["", "a\nb", "a b", "ü", "a\0", 1, null]) {
      expect(headerTextOf({ client_token: bad }, "client_token")).toBeUndefined();
    }
  });
});

describe("a mount that a server names", () => {
  const named = (path: string, type = "kv") => mountIn({ data: { path, type, options: { version: "2" } } }, "kv/app/x");

  it("is used only where the asked path lies in it", () => {
    expect(named("kv/")).toEqual({ path: "kv/", type: "kv", version: 2 });
    expect(named("kv/app")).toEqual({ path: "kv/app/", type: "kv", version: 2 });
    for (const other of ["sys/../", "k", "auth/token/create", "kv/app/x/y/"]) expect(named(other)).toBeUndefined();
    expect(named("kv/", "hvs.secret")).toBeUndefined();
  });
});
