import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { CodedError } from "../../src/base/errors.ts";
import { openReferences, type References } from "../../src/references/resolver.ts";
import type { VaultDeclaration } from "../../src/references/vault/settings.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { doubleTarget, realTarget, type VaultTarget } from "../support/vault-targets.ts";

const { VAULT_TEST_ADDR, VAULT_TEST_TOKEN } = process.env;
const given = VAULT_TEST_ADDR !== undefined && VAULT_TEST_TOKEN !== undefined;
if (!given) console.info("vault: only the double; VAULT_TEST_ADDR and VAULT_TEST_TOKEN name no real one");

const targets: [string, () => Promise<VaultTarget>][] = [
  ["the double", doubleTarget],
  ...(given
    ? ([["a real Vault", () => realTarget(VAULT_TEST_ADDR, VAULT_TEST_TOKEN)]] as [
        string,
        () => Promise<VaultTarget>,
      ][])
    : []),
];

describe.each(targets)("secrets of %s", (_, make) => {
  const clock = fakeClock();
  let target: VaultTarget;
  let all: string;
  let opened: References[] = [];

  beforeAll(async () => {
    target = await make();
    await target.putV2("secret/apps/hook", [{ url: "https://one" }, { url: "https://two" }]);
    await target.putV2("secret/apps/both", [{ token: "the token", email: "a@example.com" }]);
    await target.putV2("secret/apps/deleted", [{ token: "gone" }, null]);
    await target.putV2("secret/apps/destroyed", ["destroyed"]);
    await target.putV2("secret/apps/odd", [{ pin: 1234, on: true, empty: "", map: { a: 1 } }]);
    await target.putV2("secret/my apps/a&b=c%", [{ token: "odd" }]);
    await target.putV2("team/kv/app", [{ token: "deep" }]);
    await target.putV1("old/hook", { url: "https://old" });
    all = await target.token("secret/", "old/", "team/");
  });
  afterEach(async () => {
    for (const references of opened) await references.close();
    opened = [];
  });
  afterAll(async () => await target[Symbol.asyncDispose]());

  function open(vault: VaultDeclaration | undefined, env: Readonly<Record<string, string>>): References {
    const references = openReferences({
      dir: "/",
      env: { VAULT_ADDR: target.url, ...env },
      clock,
      signal: new AbortController().signal,
      vault,
    });
    opened.push(references);
    return references;
  }
  const withToken = (token = all) => open(undefined, { VAULT_TOKEN: token });
  const read = async (reference: string, references = withToken()) => (await references.resolve(reference)).reveal();
  const failure = async (reference: string, references = withToken()): Promise<string> =>
    await references.resolve(reference, "server.token").then(
      () => "it was read",
      ({ code, message, remedy }: CodedError) => `${code} ${message.replaceAll(target.url, "VAULT")} → ${remedy}`,
    );

  it.each([
    ["vault:secret/apps/both#token", "the token"],
    ["vault:secret/apps/hook#url", "https://two"],
    ["vault:secret/apps/hook#url?version=1", "https://one"],
    ["vault:secret/apps/hook", "https://two"],
    ["vault:secret/apps/deleted#token?version=1", "gone"],
    ["vault:secret/apps/odd#pin", "1234"],
    ["vault:secret/apps/odd#on", "true"],
    ["vault:secret/my apps/a&b=c%#token", "odd"],
    ["vault:team/kv/app#token", "deep"],
    ["vault:old/hook#url", "https://old"],
  ])("%s is found", async (reference, value) => {
    expect(await read(reference)).toBe(value);
  });

  it.each([
    [
      "vault:secret/apps/both",
      "GC1107 server.token: [VAULT] Secret secret/apps/both has multiple fields [email, token]. Specify field parameter to select one. → Write the field: vault:secret/apps/both#email",
    ],
    [
      "vault:secret/apps/both#tokn",
      "GC1107 server.token: [VAULT] Field 'tokn' not found in secret secret/apps/both. Available fields: [email, token] → Correct the field behind the #.",
    ],
    [
      "vault:secret/apps/none#token",
      "GC1107 server.token: [VAULT] Secret not found: secret/apps/none → Check the path below secret/, or write it: vault kv put secret/apps/none",
    ],
    [
      "vault:secret/apps/hook#url?version=7",
      "GC1107 server.token: [VAULT] Secret not found: secret/apps/hook (version 7) → Check the path below secret/, or write it: vault kv put secret/apps/hook",
    ],
    [
      "vault:secret/data/apps/hook#url",
      'GC1107 server.token: [VAULT] Secret not found: secret/data/apps/hook → Leave "data/" out: vault:secret/apps/hook',
    ],
    [
      "vault:secret/apps/deleted#token",
      "GC1107 server.token: [VAULT] Secret not found: secret/apps/deleted; version 2 was deleted → vault kv undelete -versions=2 secret/apps/deleted",
    ],
    [
      "vault:secret/apps/destroyed#token",
      "GC1107 server.token: [VAULT] Secret not found: secret/apps/destroyed; version 1 was destroyed → Write it again.",
    ],
    [
      "vault:secret/apps/odd#empty",
      "GC1107 server.token: [VAULT] Field 'empty' of secret secret/apps/odd is empty → Write a text into it: vault kv patch secret/apps/odd empty=…",
    ],
    [
      "vault:secret/apps/odd#map",
      "GC1107 server.token: [VAULT] Field 'map' of secret secret/apps/odd holds no text → Write a text into it: vault kv patch secret/apps/odd map=…",
    ],
    [
      "vault:old/none#url",
      "GC1107 server.token: [VAULT] Secret not found: old/none → Check the path below old/, or write it: vault kv put old/none",
    ],
    [
      "vault:old/hook#url?version=1",
      "GC1107 server.token: [VAULT] old/ is KV version 1, which keeps no versions: old/hook → Leave out ?version=.",
    ],
    [
      "vault:nowhere/hook#url",
      "GC1702 server.token: [VAULT] Access denied: nowhere/hook → Give the token's policy the right to read it, and check the path, its mount and the namespace.",
    ],
  ])("%s is told as what it is, and nothing of what is stored", async (reference, said) => {
    expect(await failure(reference)).toBe(said);
  });

  it("a path that the policy does not name is denied", async () => {
    const token = await target.token("secret/apps/");
    expect(await failure("vault:old/hook#url", withToken(token))).toMatch(
      /^GC1702 server.token: \[VAULT\] Access denied: old\/hook → Give/,
    );
  });

  it("a token that is none is told from a permission that is missing", async () => {
    expect(await failure("vault:secret/apps/both#token", withToken("hvs.wrong"))).toMatch(
      /^GC1702 .*Access denied: secret\/apps\/both; the token has expired or was never valid → Get a new token/,
    );
  });

  it("an AppRole signs in", async () => {
    const { roleId, secretId } = await target.appRole("secret/apps/");
    const appRole = { roleId: "env:ROLE", secretId: "env:SECRET" };
    const env = { ROLE: roleId, SECRET: secretId };
    expect(await read("vault:secret/apps/both#token", open({ appRole }, env))).toBe("the token");
    expect(
      await read("vault:secret/apps/both#token", open(undefined, { VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId })),
    ).toBe("the token");
    expect(await failure("vault:secret/apps/both#token", open({ appRole }, { ...env, SECRET: "wrong" }))).toBe(
      "GC1702 server.token: [VAULT] sign-in by auth/approle/login was refused: invalid role or secret ID → Check the role, its ids and whether they have expired, and the mount of the method: docs/secrets.md",
    );
  });

  it("a pod signs in by its service account", async () => {
    const { role, jwt } = await target.kubernetes("secret/apps/");
    const kubernetes = { role, jwt: "env:JWT" };
    expect(await read("vault:secret/apps/both#token", open({ kubernetes }, { JWT: jwt }))).toBe("the token");
    expect(
      await failure(
        "vault:secret/apps/both#token",
        open({ kubernetes: { ...kubernetes, role: "other" } }, { JWT: jwt }),
      ),
    ).toMatch(/^GC1702 .*sign-in by auth\/kubernetes\/login was refused: invalid role name "other"/);
  });

  it("a token that ends is renewed in its last third, and made anew where it was taken back", async () => {
    const { roleId, secretId } = await target.appRole("secret/apps/");
    const references = open(
      { appRole: { roleId: "env:ROLE", secretId: "env:SECRET" } },
      { ROLE: roleId, SECRET: secretId },
    );
    await read("vault:secret/apps/both#token", references);
    clock.pass(250_000);
    expect(await read("vault:secret/apps/hook#url", references)).toBe("https://two");
    await target.revokeAll();
    expect(await read("vault:secret/apps/odd#pin", references)).toBe("1234");
  });
});
