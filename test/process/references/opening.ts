import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach } from "vitest";
import type { CodedError } from "../../../src/base/errors.ts";
import type { Clock } from "../../../src/base/wait.ts";
import { openReferences, type References } from "../../../src/references/resolver.ts";
import type { VaultDeclaration } from "../../../src/references/vault/settings.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { VaultDouble } from "../../support/vault-double.ts";

export const root = mkdtempSync(join(tmpdir(), "references-"));

export const clock = fakeClock();
export const said: string[] = [];
export let vault: VaultDouble;
export let url: string;
let opened: References[] = [];

/** For each test of a file: a Vault with a few secrets, and what was opened is closed. */
export function freshVault(): void {
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
  afterAll(() => rmSync(root, { recursive: true, force: true }));
}

interface Opening {
  readonly env?: Readonly<Record<string, string>>;
  readonly vault?: VaultDeclaration;
  readonly signal?: AbortSignal;
  readonly time?: Clock;
}

export function open({ env, vault: declared, time = clock, ...more }: Opening = {}): References {
  const given = env ?? { VAULT_ADDR: url, VAULT_TOKEN: vault.makeToken([""]) };
  const signal = more.signal ?? new AbortController().signal;
  const say = (text: string) => void said.push(text);
  const references = openReferences({ dir: root, env: given, clock: time, signal, vault: declared, say });
  opened.push(references);
  return references;
}

export const read = async (reference: string, references = open()) => (await references.resolve(reference)).reveal();
export const HOOK = "vault:secret/apps/hook#url";
export const failure = async (reference: string, references = open()): Promise<string> =>
  await references.resolve(reference, "server.token").then(
    () => "it was read",
    ({ code, message, remedy }: CodedError) => `${code} ${message.replaceAll(url, "VAULT")} → ${remedy}`,
  );
export const asked = (part: string) => vault.paths().filter((path) => path.includes(part));
