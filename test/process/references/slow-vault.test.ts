import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/base/wait.ts";
import { clock, failure, freshVault, HOOK, open, read, said, url, vault } from "./opening.ts";

freshVault();

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
      /^GC1701 server.token: \[VAULT\] the answer for secret\/apps\/hook is not Vault's: HTTP 400/,
    );
    expect(vault.requests).toHaveLength(1);
  });

  it("is given up after four tries, or fifteen seconds", async () => {
    for (let i = 0; i < 9; i++) vault.faults.push({ status: 502, body: "<html>" });
    expect(await failure(HOOK)).toBe(
      "GC1701 server.token: [VAULT] Vault cannot answer: HTTP 502 → Run the command again later; see Vault's log.",
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
    expect(await failure(HOOK)).toBe(
      "GC1701 server.token: [VAULT] Vault is sealed → Unseal Vault, then run the command again.",
    );
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
    const time: Clock = {
      ...clock,
      sleep: async (_, signal) => {
        abort.abort(new Error("stopped"));
        signal?.throwIfAborted();
      },
    };
    const references = open({ time, signal: abort.signal });
    vault.faults.push({ status: 503 });
    await expect(references.resolve(HOOK)).rejects.toThrow("stopped");
    await expect(references.resolve("env:PATH")).rejects.toThrow("stopped");
    expect(vault.requests).toHaveLength(1);
  });
});
