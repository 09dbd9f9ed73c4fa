import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referencedPath } from "../../../src/base/user-folders.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import { handedMark, parseStackReference } from "../../../src/config/secrets.ts";
import { parseReference } from "../../../src/references/reference.ts";

describe("a reference to a secret", () => {
  it.each([
    ["file:secrets/token", { kind: "file", path: "secrets/token" }],
    ["file:/run/a b#c", { kind: "file", path: "/run/a b#c" }],
    ["env:TOKEN", { kind: "env", name: "TOKEN" }],
    ["vault:secret/app", { kind: "vault", path: "secret/app" }],
    ["vault:secret/app#token", { kind: "vault", path: "secret/app", field: "token" }],
    ["vault:secret/a/b#api key?version=12", { kind: "vault", path: "secret/a/b", field: "api key", version: 12 }],
    ["vault:secret/app?version=3", { kind: "vault", path: "secret/app", version: 3 }],
  ])("%s is read", (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });

  it.each([
    "hunter2",
    "file:",
    "env:",
    "env:A B",
    "env:A=b",
    "Vault:secret/app",
    "vault:secret",
    "vault:/secret/app",
    "vault:secret/app/",
    "vault:secret//app",
    "vault:secret/../other/app",
    "vault:secret/./app",
    "vault:secret/app#",
    "vault:secret/app#a#b",
    "vault:secret/app?version=0",
    "vault:secret/app?version=x",
    "vault:secret/app?version=1#token",
    "vault:secret/app?other=1",
    "https://hooks.example.com",
  ])("%s is none", (text) => {
    expect(parseReference(text)).toBeUndefined();
  });
});

describe("the declaration", () => {
  const declared = (password: string, more = "") =>
    loadDeclaration(
      `version: 1\norganization: Acme\nprojects: {shop: {}}\nadmin: {email: a@example.com, password: "${password}"}\n${more}`,
      "glitchtip.yaml",
    );

  it("accepts references of all three kinds", () => {
    for (const reference of ["file:p", "env:P", "vault:secret/app#p"]) {
      expect(declared(reference).admin?.password).toBe(reference);
    }
  });

  it("rejects other values without showing them", () => {
    for (const password of ["hunter2", "vault:hunter2"]) {
      expect(() => declared(password)).toThrow(
        expect.objectContaining({
          problems: [
            expect.stringMatching(
              /admin\.password: must be file:PATH, env:NAME or vault:MOUNT\/PATH#FIELD; a password itself/,
            ),
          ],
        }),
      );
    }
  });

  it("says how to sign in to Vault in one way, by files and variables", () => {
    expect(
      declared("env:P", "vault: {url: https://vault.example.com, appRole: {roleId: env:R, secretId: file:s}}").vault,
    ).toEqual({
      url: "https://vault.example.com",
      appRole: { roleId: "env:R", secretId: "file:s" },
    });
    const wrong = [
      [
        "vault: {token: env:T, kubernetes: {role: r}}",
        "vault: must have one way to sign in: token, appRole or kubernetes",
      ],
      ["vault: {token: vault:secret/t#t}", "vault.token: must be file:PATH or env:NAME"],
      ["vault: {adress: https://x}", "vault.adress: unknown key"],
    ] as const;
    for (const [text, problem] of wrong) {
      expect(() => declared("env:P", text)).toThrow(
        expect.objectContaining({ problems: [expect.stringContaining(problem)] }),
      );
    }
  });
});

describe("a secret in Vault that a container needs", () => {
  it("has another mark for each reference, so that a changed one is not mistaken for the old one", () => {
    const marks = [
      "vault:secret/app#token",
      "vault:secret/app#token?version=1",
      "vault:secret/app_token#x",
      "vault:secret/app/token",
    ].map(handedMark);
    expect(new Set(marks).size).toBe(4);
    expect(marks[0]).toMatch(/^[0-9a-f]{8}$/);
  });

  it("has one as no other reference has", () => {
    expect([handedMark("env:P"), handedMark("file:p")]).toEqual([undefined, undefined]);
    expect(parseStackReference("env:P")).toEqual({ kind: "env", name: "P" });
  });
});

describe("the path of a file that a reference names", () => {
  it("is relative to the declaration, or to the home folder as in Compose", () => {
    expect(referencedPath("/srv/shop", "./token")).toBe("/srv/shop/token");
    expect(referencedPath("/srv/shop", "/run/token")).toBe("/run/token");
    expect(referencedPath("/srv/shop", "~/.secrets/token")).toBe(join(homedir(), ".secrets/token"));
    expect(referencedPath("/srv/shop", "~other/token")).toBe("/srv/shop/~other/token");
  });
});
