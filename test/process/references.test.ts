import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { openReferences, type References } from "../../src/references/resolver.ts";
import type { VaultDeclaration } from "../../src/references/vault/settings.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { VaultDouble } from "../support/vault-double.ts";

const root = mkdtempSync(join(tmpdir(), "references-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const clock = fakeClock();
let vault: VaultDouble;
let url: string;
let opened: References[] = [];

beforeEach(async () => {
  vault = new VaultDouble({ now: () => clock.now() / 1_000, leaseSeconds: 300, longestSeconds: 800 });
  url = await vault.listen();
  vault.v2.set("secret/apps/hook", [{ url: "https://one" }, { url: "https://two" }]);
  vault.v2.set("secret/apps/both", [{ token: "the token", email: "a@example.com" }]);
  vault.v1.set("old/hook", { url: "https://old" });
});
afterEach(async () => {
  for (const references of opened) await references.close();
  opened = [];
  await vault[Symbol.asyncDispose]();
});

interface Opening {
  readonly env?: Readonly<Record<string, string>>;
  readonly vault?: VaultDeclaration;
  readonly signal?: AbortSignal;
}

const waited: string[] = [];
function open({ env, vault: declared, signal = new AbortController().signal }: Opening = {}): References {
  const given = env ?? { VAULT_ADDR: url, VAULT_TOKEN: vault.makeToken([""]) };
  const say = (text: string) => void waited.push(text);
  const references = openReferences({ dir: root, env: given, clock, signal, vault: declared, say });
  opened.push(references);
  return references;
}

const read = async (reference: string, references = open()) => (await references.resolve(reference)).reveal();

describe("a secret in Vault", () => {
  it("is read from KV version 2, its mount found out by the server", async () => {
    expect(await read("vault:secret/apps/both#token")).toBe("the token");
    expect(vault.paths()).toEqual(["GET sys/internal/ui/mounts/secret/apps/both", "GET secret/data/apps/both"]);
  });

  it("is read from KV version 1", async () => {
    expect(await read("vault:old/hook#url")).toBe("https://old");
  });

  it("may lie in a mount of several parts", async () => {
    vault.v2.set("team/kv/app", [{ token: "deep" }]);
    expect(await read("vault:team/kv/app#token")).toBe("deep");
  });

  it("is the latest, or the version that is asked for", async () => {
    const references = open();
    expect(await read("vault:secret/apps/hook#url", references)).toBe("https://two");
    expect(await read("vault:secret/apps/hook#url?version=1", references)).toBe("https://one");
  });

  it("needs no field where it has only one", async () => {
    expect(await read("vault:secret/apps/hook")).toBe("https://two");
  });

  it("is text where it was stored as a number", async () => {
    vault.v2.set("secret/pin", [{ pin: 1234 }]);
    expect(await read("vault:secret/pin#pin")).toBe("1234");
  });

  it("may have blanks and signs in its path", async () => {
    vault.v2.set("secret/my apps/a&b=c", [{ token: "odd" }]);
    expect(await read("vault:secret/my apps/a&b=c#token")).toBe("odd");
  });

  it("is asked for once in a run, whatever fields are wanted and how many want them at a time", async () => {
    const references = open();
    const wanted = ["token", "email", "token"].map((field) => read(`vault:secret/apps/both#${field}`, references));
    expect(await Promise.all(wanted)).toEqual(["the token", "a@example.com", "the token"]);
    await read("vault:secret/apps/hook", references);
    expect(vault.paths().filter((path) => path.includes("mounts"))).toHaveLength(1);
    expect(vault.paths().filter((path) => path.includes("apps/both"))).toHaveLength(2);
  });

  it("is asked for anew when the time is over for which KV version 1 says that it is good", async () => {
    vault.v1.set("old/short", { token: "first", ttl: "30s" });
    const references = open();
    await read("vault:old/short#token", references);
    vault.v1.set("old/short", { token: "second", ttl: "30s" });
    clock.pass(29_000);
    expect(await read("vault:old/short#token", references)).toBe("first");
    clock.pass(2_000);
    expect(await read("vault:old/short#token", references)).toBe("second");
  });
});
