import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CodedError } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import { checkVaultCopies } from "../../src/checks/doctor/file-checks.ts";
import { loadDeclaration } from "../../src/config/load.ts";
import { vaultCopyOf } from "../../src/config/secrets.ts";
import { initWorkspace } from "../../src/init/init.ts";
import { compareVaultCopies } from "../../src/workspace/reference-copies.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { VaultDouble } from "../support/vault-double.ts";
import { TemporaryFolder, testAssets } from "../support/workspace.ts";

const PASSWORD = "vault:secret/glitchtip#admin";
const DATABASE = "vault:secret/glitchtip#database";
const DECLARATION = `version: 1
organization: Acme
projects: {shop: {}}
admin: {email: admin@example.com, password: "${PASSWORD}"}
server: {database: {url: "${DATABASE}"}}
`;
const COPY = vaultCopyOf(PASSWORD) ?? "";

let vault: VaultDouble;
let env: Record<string, string>;
const signal = new AbortController().signal;
const store = (admin: string, database = "postgres://u:p@db.example.com/glitchtip") =>
  vault.v2.set("secret/glitchtip", [{ admin, database }]);

beforeAll(async () => {
  vault = new VaultDouble();
  env = { VAULT_ADDR: await vault.listen(), VAULT_TOKEN: vault.makeToken(["secret/"]) };
  store("first password");
});
afterAll(async () => await vault[Symbol.asyncDispose]());

function project(): TemporaryFolder {
  const folder = new TemporaryFolder();
  folder.write("glitchtip.yaml", DECLARATION);
  folder.write("compose.yaml", "services: {web: {image: nginx}}\n");
  return folder;
}

const warnings: string[] = [];
const bring = async (folder: TemporaryFolder, more: object = {}) => {
  warnings.length = 0;
  const log = { ...silentLog, warn: (text: string) => void warnings.push(text) };
  return await initWorkspace({ dir: folder.path, log, env, clock: fakeClock(), signal, assets: testAssets() }, more);
};

const findings = async (folder: TemporaryFolder) => {
  const declaration = loadDeclaration(DECLARATION, "glitchtip.yaml");
  const context = { env, clock: fakeClock(), signal };
  return checkVaultCopies(await compareVaultCopies(context, { dir: folder.path, declaration, env: {} }));
};

describe("a secret of a container that Vault has", () => {
  it("is copied by init into the closed folder, and Compose mounts the copy", async () => {
    using folder = project();
    const result = await bring(folder);
    expect(result.created).toContain(COPY);
    expect(folder.read(COPY)).toBe("first password");
    expect([folder.mode(".glitchtip/secrets"), folder.mode(COPY)]).toEqual(["700", "444"]);
    expect(folder.read("compose.override.yaml")).toContain(`file: ${COPY}`);
    expect(folder.files()[".glitchtip/secrets/admin_password"]).toBeUndefined();
    expect(await findings(folder)).toEqual([
      { check: "vault", level: "ok", what: "the copies for containers are as in Vault" },
    ]);
  });

  it("may be the address of a channel of `notify`", async () => {
    using folder = project();
    const reference = "vault:secret/glitchtip#hook";
    vault.v2.set("secret/glitchtip", [
      {
        admin: "first password",
        database: "postgres://u:p@db.example.com/glitchtip",
        hook: "https://hooks.example.com/x",
      },
    ]);
    folder.write("glitchtip.yaml", `${DECLARATION}notify: [{type: json, url: "${reference}"}]\n`);
    await bring(folder);
    expect(folder.read(vaultCopyOf(reference) ?? "")).toBe("https://hooks.example.com/x");
    expect(folder.read("compose.override.yaml")).not.toContain("hooks.example.com");
    store("first password");
  });

  it("is asked for, and not written, by a dry run", async () => {
    using folder = project();
    expect((await bring(folder, { dryRun: true })).created).toContain(COPY);
    expect(Object.keys(folder.files())).toEqual(["compose.yaml", "glitchtip.yaml"]);
  });

  it("is stale for doctor once it has changed in Vault, until init takes it anew and says what to do", async () => {
    using folder = project();
    await bring(folder);
    store("second password");
    expect(await findings(folder)).toEqual([
      {
        check: "vault",
        level: "fail",
        what: `admin.password: ${COPY} is stale: ${PASSWORD} holds something else now`,
        fix: "npx glitchtip-compose init && docker compose up -d --force-recreate",
      },
    ]);
    await bring(folder);
    expect(folder.read(COPY)).toBe("second password");
    expect(warnings).toContain(
      "admin.password has changed in Vault; containers that run keep the old one until: docker compose up -d --force-recreate",
    );
    store("first password");
  });

  it("serves on while Vault does not answer; without a copy init ends before it writes anything", async () => {
    using folder = project();
    await bring(folder);
    vault.sealed = true;
    try {
      await bring(folder);
      expect(warnings).toContain(
        `admin.password: the copy in ${COPY} may be old: admin.password: [${env.VAULT_ADDR}] Vault is sealed`,
      );
      expect((await findings(folder)).map(({ level }) => level)).toEqual(["warn", "warn"]);
      using fresh = project();
      const error: CodedError = await bring(fresh).then(
        () => expect.unreachable(),
        (one: unknown) => one as CodedError,
      );
      expect([error.code, error.message]).toEqual(["GC1701", `admin.password: [${env.VAULT_ADDR}] Vault is sealed`]);
      expect(Object.keys(fresh.files())).toEqual(["compose.yaml", "glitchtip.yaml"]);
    } finally {
      vault.sealed = false;
    }
  });

  it("is refused where a container could not take it as it is", async () => {
    using folder = project();
    store("fine", "postgres://u:p@db.example.com/glitchtip\n");
    await expect(bring(folder)).rejects.toThrow(`server.database.url: what ${DATABASE} holds has a newline in it`);
    store("first password");
  });
});
