import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { VaultDouble } from "../support/vault-double.ts";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";

const PASSWORD = "Correct-Horse-77-Battery";
const MAIL = "smtp+tls://shop:secret@mail.example.com:587";
const VAULT_MAIL = "smtp+tls://shop:from-vault@mail.example.com:587";
const OTHER_MAIL = "smtp+tls://shop:another@mail.example.com:587";

/** Returns the files below a folder that hold a text. */
const filesWith = (folder: string, text: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path, "latin1").includes(text));

describeOnEngine("secrets that the declaration refers to", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.sample();
    // As an editor writes it, and closed to everybody else.
    stack.write("admin-password", `${PASSWORD}\n`);
    chmodSync(join(stack.project.dir, "admin-password"), 0o600);
    stack.write(".env", `${stack.read(".env")}MAIL_URL=${MAIL}\n`);
    stack.edit(
      "glitchtip.yaml",
      "email: admin@example.com",
      "email: admin@example.com, password: file:./admin-password",
    );
    stack.write(
      "glitchtip.yaml",
      `${stack.read("glitchtip.yaml")}mail: { from: errors@example.com, url: env:MAIL_URL }\n`,
    );
    await stack.init();
    await stack.up();
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("are copied into their volumes, the file without its newline, and the provisioner signs in", async () => {
    expect(await stack.app()).toMatchObject({ reporting: true });
    expect(await stack.secret("admin_password")).toBe(PASSWORD);
    expect(await stack.readVolume("glitchtip-email-url", "value")).toBe(MAIL);
    const seen = await stack.exec("glitchtip", "sh", "-c", "cat /run/secrets/glitchtip_email_url/value");
    expect(seen.stdout).toBe(MAIL);
  });

  it("are no reason for `check` to find privileges", async () => {
    const { stdout } = await stack.project.cli(["check", "--production", "--json"]);
    const points: { id: string; state: string }[] = JSON.parse(stdout).points;
    expect(points.find(({ id }) => id === "privileges")).toMatchObject({ state: "pass" });
  });

  it("are replaced in the volume by a plain `docker compose up` once they have changed", async () => {
    stack.edit(".env", MAIL, OTHER_MAIL);
    await stack.up();
    expect(await stack.readVolume("glitchtip-email-url", "value")).toBe(OTHER_MAIL);
    expect(await stack.secret("admin_password")).toBe(PASSWORD);
  });

  it("are handed over from Vault by up, and lie in no file of the workspace; doctor compares them", async () => {
    await using vault = new VaultDouble();
    const environment = { VAULT_ADDR: await vault.listen(), VAULT_TOKEN: vault.makeToken(["secret/"]) };
    const run = (...words: string[]) => stack.project.cli(words, { env: { ...process.env, ...environment } });
    vault.v2.set("secret/glitchtip", [{ mail: VAULT_MAIL }]);
    stack.edit("glitchtip.yaml", "url: env:MAIL_URL", "url: vault:secret/glitchtip#mail");
    stack.write(".glitchtip/secrets/vault_secret_glitchtip_mail_0123abcd", VAULT_MAIL);
    expect(await run("init", "--yes")).toMatchObject({ code: 0 });
    // What was handed over for another reference, or copied from a variable, is not used in its place.
    await stack.up({ ends: 1 });
    expect(await stack.logs("glitchtip-setup")).toContain("npx glitchtip-compose up hands it over");
    const { code, stderr } = await run("up");
    expect(code, stderr).toBe(0);
    expect(await stack.readVolume("glitchtip-email-url", "value")).toBe(VAULT_MAIL);
    await stack.up();
    const findings = JSON.parse((await run("doctor", "--json")).stdout).findings as { check: string; level: string }[];
    expect(findings.filter(({ check }) => check === "vault").map(({ level }) => level)).toEqual(["ok"]);
    const held = filesWith(stack.project.dir, VAULT_MAIL);
    expect(held).toEqual([]);
  });

  it("that were made and are lost beside an old database end setup with what to type, which repairs it", async () => {
    const before = await stack.variable("app", "SENTRY_DSN");
    await stack.compose(["down", "-t", "1"]);
    await stack.loseVolume("glitchtip-db-password");
    await stack.up({ ends: 1 });
    expect(await stack.logs("glitchtip-setup")).toContain("glitchtip-compose secrets rotate db-password");
    const { code, stderr } = await stack.project.cli(["secrets", "rotate", "db-password", "--yes"]);
    expect(code, stderr).toBe(0);
    await stack.up();
    expect(await stack.variable("app", "SENTRY_DSN")).toBe(before);
    expect(await stack.app()).toMatchObject({ reporting: true });
  });
});
