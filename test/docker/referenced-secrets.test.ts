import { chmodSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";

const PASSWORD = "Correct-Horse-77-Battery";
const MAIL = "smtp+tls://shop:secret@mail.example.com:587";
const OTHER_MAIL = "smtp+tls://shop:another@mail.example.com:587";

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
