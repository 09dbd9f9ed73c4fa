import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CodedError } from "../../../src/base/errors.ts";
import { asked, clock, failure, freshVault, HOOK, open, read, root, url, vault } from "./opening.ts";

freshVault();

describe("signing in", () => {
  const appRole = { roleId: "env:ROLE", secretId: "env:SECRET" };
  const signing = () => {
    vault.roles.set("approle/role", { secret: "id", policy: ["secret/"] });
    return { VAULT_ADDR: url, ROLE: "role", SECRET: "id" };
  };

  it("is done once, and its token is renewed in the last third of its time, once for all who want it", async () => {
    const references = open({ env: signing(), vault: { appRole } });
    await read(HOOK, references);
    clock.pass(190_000);
    await read(`${HOOK}?version=1`, references);
    expect(asked("renew-self")).toHaveLength(0);
    clock.pass(20_000);
    await Promise.all([read(`${HOOK}?version=2`, references), read("vault:secret/apps/both#token", references)]);
    expect([asked("login").length, asked("renew-self").length]).toEqual([1, 1]);
  });

  it("is done again where the token's longest life ends", async () => {
    const references = open({ env: signing(), vault: { appRole } });
    for (const version of [1, 2, 1, 2, 1, 2]) {
      vault.v2.set(`secret/apps/n${clock.now()}`, [{ n: "x" }, { n: "y" }]);
      await read(`vault:secret/apps/n${clock.now()}#n?version=${version}`, references);
      clock.pass(210_000);
    }
    expect(asked("login").length).toBe(2);
    expect(asked("renew-self").length).toBeGreaterThan(2);
  });

  it("that is refused is not tried again for each secret", async () => {
    const references = open({ env: { ...signing(), SECRET: "wrong" }, vault: { appRole } });
    for (const reference of [HOOK, "vault:secret/apps/both#token"]) {
      expect(await failure(reference, references)).toMatch(
        /^GC1702 .*sign-in by auth\/approle\/login was refused: invalid role or secret ID/,
      );
    }
    expect(vault.paths()).toEqual(["POST auth/approle/login"]);
  });

  it("sends nothing but what the method wants, and works at another mount and in a namespace", async () => {
    vault.namespace = "team-a";
    vault.roles.set("pods/shop", { secret: "jwt", policy: ["secret/"] });
    writeFileSync(join(root, "jwt"), "jwt\n");
    const kubernetes = { role: "shop", jwt: "file:jwt", mount: "auth/pods/" };
    expect(await read(HOOK, open({ env: {}, vault: { url: `${url}/`, namespace: "team-a", kubernetes } }))).toBe(
      "https://two",
    );
    expect(vault.requests[0]).toMatchObject({
      path: "auth/pods/login",
      body: { role: "shop", jwt: "jwt" },
      token: undefined,
    });
    expect(new Set(vault.requests.map(({ namespace }) => namespace))).toEqual(new Set(["team-a"]));
    const env = { VAULT_ADDR: url, VAULT_NAMESPACE: "team-b", VAULT_TOKEN: vault.makeToken([""]) };
    expect(await failure(HOOK, open({ env }))).toMatch(/^GC1702 .*Access denied: secret\/apps\/hook.*VAULT_NAMESPACE/);
  });

  it("takes the token that `vault login` left, and without any way names each with what it lacks", async () => {
    const home = mkdtempSync(join(root, "home-"));
    const error: CodedError = await open({ env: { VAULT_ADDR: url, HOME: home } })
      .resolve(HOOK)
      .then(
        () => expect.unreachable(),
        (one: unknown) => one as CodedError,
      );
    expect([error.code, error.problems.length]).toEqual(["GC1702", 3]);
    writeFileSync(join(home, ".vault-token"), `${vault.makeToken([""])}\n`);
    expect(await read(HOOK, open({ env: { VAULT_ADDR: url, HOME: home } }))).toBe("https://two");
  });

  it("takes what opens the Vault from nowhere but a file or a variable", async () => {
    const references = open({ env: { VAULT_ADDR: url }, vault: { token: "vault:secret/token" } });
    expect(await failure(HOOK, references)).toMatch(
      /^GC1702 server.token: vault.token has to be in a file or a variable/,
    );
  });

  it("asks for an address where none is given, and refuses one that would send the token elsewhere", async () => {
    expect(await failure(HOOK, open({ env: {} }))).toMatch(
      /^GC1701 server.token: a secret is in Vault, but its address is not known → Set VAULT_ADDR/,
    );
    const env = { VAULT_ADDR: "https://user:password@vault.example.com", VAULT_TOKEN: "x" };
    const message = await failure(HOOK, open({ env }));
    expect(message).toMatch(/VAULT_ADDR is no http\(s\) address, or it has a user or a query/);
    expect(message).not.toContain("password@");
  });
});
