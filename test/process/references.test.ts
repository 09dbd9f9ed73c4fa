import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CodedError } from "../../src/base/errors.ts";
import { openReferences, type References } from "../../src/references/resolver.ts";
import type { VaultDeclaration } from "../../src/references/vault/settings.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { VaultDouble } from "../support/vault-double.ts";

const root = mkdtempSync(join(tmpdir(), "references-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const clock = fakeClock();
const said: string[] = [];
let vault: VaultDouble;
let url: string;
let opened: References[] = [];

beforeEach(async () => {
  said.length = 0;
  vault = new VaultDouble({ now: () => clock.now() / 1_000, leaseSeconds: 300, longestSeconds: 800 });
  url = await vault.listen();
  vault.v2.set("secret/apps/hook", [{ url: "https://one" }, { url: "https://two" }]);
  vault.v2.set("secret/apps/both", [{ token: "the token", email: "a@example.com" }]);
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

function open({ env, vault: declared, signal = new AbortController().signal }: Opening = {}): References {
  const given = env ?? { VAULT_ADDR: url, VAULT_TOKEN: vault.makeToken([""]) };
  const say = (text: string) => void said.push(text);
  const references = openReferences({ dir: root, env: given, clock, signal, vault: declared, say });
  opened.push(references);
  return references;
}

const read = async (reference: string, references = open()) => (await references.resolve(reference)).reveal();
const HOOK = "vault:secret/apps/hook#url";
const failure = async (reference: string, references = open()): Promise<string> =>
  await references.resolve(reference, "server.token").then(
    () => "it was read",
    ({ code, message, remedy }: CodedError) => `${code} ${message.replaceAll(url, "VAULT")} → ${remedy}`,
  );
const asked = (part: string) => vault.paths().filter((path) => path.includes(part));

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

describe("a Vault that does not answer at once", () => {
  it.each([
    ["is busy", { status: 429, headers: { "retry-after": "2" } }, [2_000]],
    ["gives over to another node", { status: 500, body: { errors: ["local node not active"] } }, [expect.any(Number)]],
    ["has not yet the newest state", { status: 412 }, [expect.any(Number)]],
    ["cuts the connection", "cut" as const, [expect.any(Number)]],
  ])("is asked again when it %s, as it says or after a pause", async (_, fault, pauses) => {
    vault.faults.push(fault);
    const before = clock.slept.length;
    expect(await read(HOOK)).toBe("https://two");
    expect(clock.slept.slice(before)).toEqual(pauses);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^waiting for Vault: /);
  });

  it("is not asked again where it says 400 or 403: that is the answer", async () => {
    vault.faults.push({ status: 400, body: { errors: ["bad request"] } });
    expect(await failure(HOOK)).toMatch(
      /^GC1701 server.token: \[VAULT\] the answer for secret\/apps\/hook is not Vault's: bad request/,
    );
    expect(vault.requests).toHaveLength(1);
  });

  it("is given up after four tries, or fifteen seconds", async () => {
    for (let i = 0; i < 9; i++) vault.faults.push({ status: 502, body: "<html>" });
    expect(await failure(HOOK)).toBe(
      "GC1701 server.token: [VAULT] Vault cannot answer: HTTP 502 → Run it again later; see Vault's log.",
    );
    expect(vault.requests).toHaveLength(4);
    vault.faults.splice(0, 9, { status: 429, headers: { "retry-after": "20" } });
    expect(await failure(HOOK)).toMatch(/^GC1701 .*Vault cannot answer: HTTP 429/);
    expect(vault.requests).toHaveLength(5);
  });

  it("that never ends its answer is waited for as long as is declared", async () => {
    for (let i = 0; i < 4; i++) vault.faults.push("silence");
    const env = { VAULT_ADDR: url, VAULT_TOKEN: vault.makeToken([""]) };
    expect(await failure(HOOK, open({ env, vault: { timeoutMs: 100 } }))).toMatch(
      /^GC1701 .*\[VAULT\] no answer within 100 ms/,
    );
    expect(vault.requests).toHaveLength(4);
  });

  it("is named as sealed", async () => {
    vault.sealed = true;
    expect(await failure(HOOK)).toBe("GC1701 server.token: [VAULT] Vault is sealed → Unseal it, then run it again.");
  });

  it("gets no token at another address that it redirects to", async () => {
    vault.faults.push({ status: 307, headers: { location: "https://other.example.com/v1/x" } });
    expect(await failure(HOOK)).toMatch(/^GC1701 .*redirects to https:\/\/other\.example\.com → Set VAULT_ADDR/);
  });

  it("that is none at all is told", async () => {
    vault.faults.push({ status: 200, body: "<html>" });
    expect(await failure(HOOK)).toMatch(/^GC1701 .*is not Vault's: HTTP 200 → Check that VAULT_ADDR/);
    const nowhere = open({ env: { VAULT_ADDR: "http://127.0.0.1:1", VAULT_TOKEN: "x" } });
    expect(await failure(HOOK, nowhere)).toMatch(
      /^GC1701 server.token: \[http:\/\/127.0.0.1:1\] no answer \(ECONNREFUSED\)/,
    );
  });

  it("is left when the run is stopped, also in a pause", async () => {
    const abort = new AbortController();
    const references = openReferences({
      dir: root,
      env: { VAULT_ADDR: url, VAULT_TOKEN: vault.makeToken([""]) },
      clock: {
        ...clock,
        sleep: async (_, signal) => {
          abort.abort(new Error("stopped"));
          signal?.throwIfAborted();
        },
      },
      signal: abort.signal,
    });
    opened.push(references);
    vault.faults.push({ status: 503 });
    await expect(references.resolve(HOOK)).rejects.toThrow("stopped");
    await expect(references.resolve("env:PATH")).rejects.toThrow("stopped");
    expect(vault.requests).toHaveLength(1);
  });
});

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
      /^GC1701 server.token: a secret is in Vault, but which Vault is not known → Set VAULT_ADDR/,
    );
    const env = { VAULT_ADDR: "https://user:password@vault.example.com", VAULT_TOKEN: "x" };
    const message = await failure(HOOK, open({ env }));
    expect(message).toMatch(/VAULT_ADDR is no address without user and query/);
    expect(message).not.toContain("password@");
  });
});
