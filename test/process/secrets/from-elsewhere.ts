import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { VaultDouble } from "../../support/vault-double.ts";
import { edit } from "./changes.ts";
import { MADE, random } from "./known.ts";
import { INIT, NOWHERE } from "./project.ts";
import { TWO_VARIANTS, type World } from "./world.ts";

export function secretsFromElsewhere(world: World): void {
  const { run, everyVariant, search, root, makeProject, expectOnlyAllowedFiles } = world;

  it("init, doctor and up show nothing of a password that Vault has, nor of what opens it", async () => {
    await using vault = new VaultDouble();
    const { dir } = makeProject("vaulted");
    const env = { VAULT_ADDR: await vault.listen(), ROLE: random(12), SECRET: random(24) };
    search.add({ name: "vault_secret_id", value: env.SECRET });
    vault.roles.set(`approle/${env.ROLE}`, { secret: env.SECRET, policy: ["secret/"] });
    vault.v2.set("secret/glitchtip", [{ admin: MADE.admin_password, other: random(24) }]);
    await everyVariant(0, INIT, { cwd: dir });
    edit(dir, "email:", "password: vault:secret/glitchtip#admin, email:");
    const text = readFileSync(join(dir, "glitchtip.yaml"), "utf8");
    writeFileSync(
      join(dir, "glitchtip.yaml"),
      `${text}vault: { appRole: { roleId: env:ROLE, secretId: env:SECRET } }\n`,
    );
    await everyVariant(0, ["init"], { cwd: dir, env }, TWO_VARIANTS);
    for (const { token = "" } of vault.requests) if (token !== "") search.add({ name: "vault_token", value: token });
    expect(existsSync(join(dir, ".glitchtip", "secrets"))).toBe(false);
    edit(dir, "#admin", "#admn");
    await everyVariant(1, ["init"], { cwd: dir, env }, TWO_VARIANTS);
    await everyVariant(1, ["doctor"], { cwd: dir, env: { ...env, SECRET: "wrong" } }, TWO_VARIANTS);
    await everyVariant(1, ["up"], { cwd: dir, env: { ...env, ...NOWHERE } }, TWO_VARIANTS);
    expectOnlyAllowedFiles(dir);
  });

  it("import shows and writes no sensitive value of a Terraform state, whether it can take it or not", async () => {
    const dir = mkdtempSync(join(root, "import-"));
    const url = `https://hooks.example.com/${MADE.db_password}`;
    const sensitive = [[{ type: "get_attr", value: "alert_recipients" }]];
    const attributes = { organization: "acme", project: "shop", name: "a", quantity: 1, timespan_minutes: 1 };
    const alert = { ...attributes, alert_recipients: [{ recipient_type: "webhook", url }] };
    const instances = [{ attributes: alert, sensitive_attributes: sensitive }];
    const resources = [{ mode: "managed", type: "glitchtip_project_alert", name: "a", instances }];
    const state = JSON.stringify({ version: 4, resources });
    for (const [text, code] of [
      [state, 0],
      [`${state}}`, 2],
      [JSON.stringify({ version: 3, url }), 2],
    ] as const) {
      await everyVariant(code, ["import", "terraform", "-", "--url", "http://127.0.0.1:1"], {
        cwd: dir,
        stdin: text,
      });
    }
    expect(readFileSync(join(dir, "glitchtip.yaml"), "utf8")).toContain("env:GLITCHTIP_SHOP_A_WEBHOOK_URL");
    expectOnlyAllowedFiles(dir);
  });

  it("plan, apply, pull and alert show no secret of a server's inside: token, addresses that are posted to", async () => {
    const dir = mkdtempSync(join(root, "inside-"));
    const [token, hook] = [world.emulator.mintToken(), `https://hooks.example.com/${MADE.db_password}`];
    search.add({ name: "inside_token", value: token });
    const lines = ["version: 1", `server: {url: "${world.emulator.url}", token: "file:token"}`, "organization: Inside"];
    const recipients = 'recipients: [{type: email}, {type: webhook, url: "file:hook"}]';
    const alert = (quantity: number) => `{name: errors, quantity: ${quantity}, timespanMinutes: 1, ${recipients}}`;
    const declare = (alerts: string) =>
      writeFileSync(join(dir, "glitchtip.yaml"), [...lines, `projects: {shop: {alerts: [${alerts}]}}`, ""].join("\n"));
    const options = { cwd: dir };
    writeFileSync(join(dir, "token"), token);
    writeFileSync(join(dir, "hook"), hook);
    declare(alert(1));
    await everyVariant(3, ["plan", "--out", "next.plan"], options);
    await everyVariant(2, ["apply"], options);
    await run("cli", ["apply", "--plan", "next.plan", "--debug"], { ...options, code: 0 });
    declare(alert(2));
    await everyVariant(1, ["apply", "--plan", "next.plan"], options, TWO_VARIANTS);
    for (const kind of ["reset", "truncate", "html"] as const) {
      world.emulator.fault({ method: "PUT", path: /alerts/, times: Number.POSITIVE_INFINITY, effect: { kind } });
      await run("cli", ["apply", "--yes", "--debug"], options).finally(() => world.emulator.clearFaults());
    }
    writeFileSync(join(dir, "token"), MADE.secret_key);
    await run("cli", ["plan"], { ...options, code: 1 });
    writeFileSync(join(dir, "token"), token);
    declare("");
    await everyVariant(3, ["pull", "--all", "--dry-run"], options, TWO_VARIANTS);
    await everyVariant(0, ["pull"], options);
    await everyVariant(0, ["plan"], options);
    for (const flags of TWO_VARIANTS)
      await run("cli", ["alert", "test", "errors", "--project", "shop", ...flags], options);
    expect(readFileSync(join(dir, "glitchtip.yaml"), "utf8")).toContain("file:~/.local/state/glitchtip-compose/");
    const anew = ["pull", "--url", world.emulator.url, "--file", "anew.yaml"];
    await everyVariant(3, [...anew, "--token-file", "token", "--dry-run"], options, TWO_VARIANTS);
    await run("cli", [...anew, "--token-file", "token", "--debug"], { ...options, code: 0 });
    await run("cli", [...anew, "--token-file", "token"], { ...options, code: 2 });
    for (const name of ["token", "hook"]) rmSync(join(dir, name));
    expectOnlyAllowedFiles(dir);
  });
}
