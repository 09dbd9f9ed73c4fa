import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CodedError } from "../../../src/base/errors.ts";
import { clock, freshVault, HOOK, open, read, root, url, vault } from "./opening.ts";

freshVault();

describe("a run", () => {
  it("asks for a secret once, whatever fields are wanted and how many want them at a time, and once for its mount", async () => {
    const references = open();
    const wanted = ["token", "email", "token"].map((field) => read(`vault:secret/apps/both#${field}`, references));
    expect(await Promise.all(wanted)).toEqual(["the token", "a@example.com", "the token"]);
    await read(HOOK, references);
    expect(vault.paths()).toEqual([
      "GET sys/internal/ui/mounts/secret/apps/both",
      "GET secret/data/apps/both",
      "GET secret/data/apps/hook",
    ]);
  });

  it("keeps the latest and a version by its number apart", async () => {
    const references = open();
    expect(await read(HOOK, references)).toBe("https://two");
    expect(await read(`${HOOK}?version=1`, references)).toBe("https://one");
    expect(await read(`${HOOK}?version=2`, references)).toBe("https://two");
  });

  it("asks anew when the time is over for which KV version 1 says that a secret is good", async () => {
    vault.v1.set("old/short", { token: "first", ttl: "30s" });
    const references = open();
    await read("vault:old/short#token", references);
    vault.v1.set("old/short", { token: "second", ttl: "30s" });
    clock.pass(29_000);
    expect(await read("vault:old/short#token", references)).toBe("first");
    clock.pass(2_000);
    expect(await read("vault:old/short#token", references)).toBe("second");
  });

  it("tells everything that cannot be read at once, each with its key, and no value", async () => {
    const references = open({ env: { VAULT_ADDR: url, VAULT_TOKEN: vault.makeToken([""]), GOOD: "fine" } });
    const wanted = {
      a: "env:GOOD",
      b: "env:NONE",
      c: "file:none",
      d: "vault:secret/apps/both#x",
      e: "vault:secret/none",
    };
    const error: CodedError = await references.resolveAll(wanted).then(
      () => expect.unreachable(),
      (one: unknown) => one as CodedError,
    );
    expect([error.code, error.message]).toEqual(["GC1107", "4 secrets cannot be read"]);
    expect(error.problems.map((problem) => problem.replaceAll(url, "VAULT"))).toEqual([
      "b: the variable NONE is not set",
      "c: there is no file none",
      "d: [VAULT] Field 'x' not found in secret secret/apps/both. Available fields: [email, token]",
      "e: [VAULT] Secret not found: secret/none",
    ]);
  });

  it("gives all of them by their keys, and asks no Vault where none is named", async () => {
    writeFileSync(join(root, "token"), "from a file\n");
    const references = open({ env: { GOOD: "from a variable" } });
    const found = await references.resolveAll({ a: "env:GOOD", b: "file:token" });
    expect([found.a?.reveal(), found.b?.reveal(), JSON.stringify(found)]).toEqual([
      "from a variable",
      "from a file",
      '{"a":"[secret]","b":"[secret]"}',
    ]);
  });
});
