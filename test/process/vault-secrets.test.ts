import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { checkVaultSecrets } from "../../src/checks/doctor/file-checks.ts";
import { loadDeclaration } from "../../src/config/load.ts";
import { handedMark } from "../../src/config/secrets.ts";
import { initWorkspace } from "../../src/init/init.ts";
import {
  compareVaultSecrets,
  handOverVaultSecrets,
  readVaultSecrets,
  removeOldVaultCopies,
} from "../../src/workspace/index.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { answers, container, fakeDocker } from "../support/fake-docker.ts";
import { refusal } from "../support/refusal.ts";
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
const NAMES = { glitchtip_admin_password: PASSWORD, glitchtip_database_url: DATABASE };

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

/** A stack whose setup service has these files of secrets, and takes others. */
function stackWith(files: Record<string, string> = {}) {
  const handed = Object.entries(NAMES).map(([name, reference]) => `${name}=${handedMark(reference)}`);
  const setup = { image: "node:24", environment: { GLITCHTIP_SETUP_HANDED: handed.join(" ") } };
  const requests: unknown[] = [];
  const docker = fakeDocker({
    config: { services: { "glitchtip-setup": setup } },
    containers: [container("glitchtip-setup", { state: "exited" })],
    files,
    compose: {
      async run(service, args, { stdin = "" } = {}) {
        const request = JSON.parse(stdin);
        requests.push({ service, args, ...request });
        for (const [name, value] of Object.entries<string>(request.values)) {
          files[`id-glitchtip-setup:/run/secrets/${name}/value`] = value;
          files[`id-glitchtip-setup:/run/secrets/${name}/mark`] = handedMark(NAMES[name as keyof typeof NAMES]) ?? "";
        }
        return answers();
      },
    },
  });
  return { docker, requests };
}

const read = async () => {
  const declaration = loadDeclaration(DECLARATION, "glitchtip.yaml");
  return await readVaultSecrets({ env, clock: fakeClock(), signal }, { dir: "/nowhere", declaration, env: {} });
};
const findings = async (docker: ReturnType<typeof stackWith>["docker"]) =>
  checkVaultSecrets(await compareVaultSecrets(docker, await read()));

describe("a secret of a container that Vault has", () => {
  it("is asked for by init, which writes it into no file; the setup service is told to wait for it", async () => {
    using folder = project();
    await bring(folder);
    const written = Object.entries(folder.files()).filter(([, text]) => /first password|postgres:\/\/u:p/.test(text));
    expect(written).toEqual([]);
    expect(Object.keys(folder.files()).filter((path) => path.startsWith(".glitchtip/secrets"))).toEqual([]);
    const stack = folder.read("compose.override.yaml");
    expect(stack).toContain(`glitchtip_admin_password=${handedMark(PASSWORD)}`);
    expect(stack).not.toContain("secrets/vault_");
  });

  it("is handed over once by up, and then is as in Vault for doctor", async () => {
    const { docker, requests } = stackWith();
    expect((await findings(docker)).map(({ level, fix }) => [level, fix])).toEqual(
      Array(2).fill(["fail", "npx glitchtip-compose up"]),
    );
    expect(await handOverVaultSecrets(docker, await read())).toEqual([]);
    const values = {
      glitchtip_admin_password: "first password",
      glitchtip_database_url: "postgres://u:p@db.example.com/glitchtip",
    };
    const request = { service: "glitchtip-setup", args: ["secrets"], action: "write", values, as: "value" };
    expect(requests).toEqual([request]);
    await handOverVaultSecrets(docker, await read());
    expect(requests).toHaveLength(1);
    expect(await findings(docker)).toEqual([
      { check: "vault", level: "ok", what: "the stack has Vault's current values" },
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
    expect(folder.read("compose.override.yaml")).toContain(`glitchtip_notify_1_url=${handedMark(reference)}`);
    expect(JSON.stringify(folder.files())).not.toContain("hooks.example.com");
    store("first password");
  });

  it("is asked for, and nothing is written, by a dry run", async () => {
    using folder = project();
    const before = vault.requests.length;
    await bring(folder, { dryRun: true });
    expect(vault.requests.length).toBeGreaterThan(before);
    expect(Object.keys(folder.files())).toEqual(["compose.yaml", "glitchtip.yaml"]);
  });

  it("is stale for doctor once it has changed in Vault, until up hands it over and says what to do", async () => {
    const { docker } = stackWith();
    await handOverVaultSecrets(docker, await read());
    store("second password");
    expect(await findings(docker)).toEqual([
      {
        check: "vault",
        level: "fail",
        what: `admin.password: the stack has an old value: ${PASSWORD} has changed`,
        fix: "npx glitchtip-compose up && docker compose up -d --force-recreate",
      },
    ]);
    expect(await handOverVaultSecrets(docker, await read())).toEqual([
      "admin.password has changed in Vault; running containers keep the old value until: docker compose up -d --force-recreate",
    ]);
    expect((await findings(docker)).map(({ level }) => level)).toEqual(["ok"]);
    store("first password");
  });

  it("serves on while Vault does not answer; without it a new init ends before it writes anything, and up, too", async () => {
    using folder = project();
    await bring(folder);
    const { docker } = stackWith();
    await handOverVaultSecrets(docker, await read());
    vault.sealed = true;
    const sealed = `admin.password: [${env.VAULT_ADDR}] Vault is sealed`;
    try {
      await bring(folder);
      expect(warnings).toContain(`${sealed}; npx glitchtip-compose up reads it again`);
      expect(await handOverVaultSecrets(docker, await read())).toContain(
        `admin.password: the stack's copy may be old: ${sealed}`,
      );
      expect((await findings(docker)).map(({ level }) => level)).toEqual(["warn", "warn"]);
      using fresh = project();
      expect(await refusal(bring(fresh))).toMatchObject({ code: "GC1701", message: sealed });
      expect(Object.keys(fresh.files())).toEqual(["compose.yaml", "glitchtip.yaml"]);
      const empty = stackWith();
      expect(await refusal(handOverVaultSecrets(empty.docker, await read()))).toMatchObject({ code: "GC1701" });
      expect(empty.requests).toEqual([]);
    } finally {
      vault.sealed = false;
    }
  });

  it("is refused where a container could not take it as it is", async () => {
    using folder = project();
    store("fine", "postgres://u:p@db.example.com/glitchtip\n");
    await expect(bring(folder)).rejects.toThrow(`server.database.url: the value at ${DATABASE} has a newline in it`);
    store("first password");
  });

  it("leaves no copy of an earlier version in the workspace", () => {
    using folder = project();
    folder.write(".glitchtip/secrets/vault_secret_glitchtip_admin_0123abcd", "first password");
    folder.write(".glitchtip/secrets/vault_of_mine", "mine");
    removeOldVaultCopies(folder.path);
    expect(Object.keys(folder.files())).toContain(".glitchtip/secrets/vault_of_mine");
    expect(JSON.stringify(folder.files())).not.toContain("first password");
  });
});
