import { parse } from "dotenv";
import { expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { inventory } from "./support/server.ts";
import { Stack } from "./support/stack.ts";

describeOnEngine("GlitchTip alone", () => {
  it("comes up in a folder with other things, without an app", async () => {
    await using stack = await Stack.in({ "package.json": "{}" });
    await stack.init("--no-apps", "--organization", "Acme");
    await stack.up();
    expect(await inventory(stack)).toMatchObject({ organizations: ["Acme"], projects: [] });
    expect([...(await stack.containers()).keys()].filter((name) => !name.startsWith("glitchtip"))).toEqual([]);
    for (const command of ["status", "doctor", "verify"]) {
      const { code, stdout, stderr } = await stack.project.cli([command]);
      expect([command, code], stdout + stderr).toEqual([command, 0]);
    }
  });

  it("gives a program on this machine its DSN in a dotenv file, and takes it out again", async () => {
    await using stack = await Stack.in({ "package.json": "{}", ".env.local": "PORT=3000" });
    const cli = async (...args: string[]) => {
      const { code, stdout, stderr } = await stack.project.cli(args);
      expect([args.join(" "), code], stdout + stderr).toEqual([args.join(" "), 0]);
      return stdout;
    };
    await stack.init("--no-apps");
    await cli("add", "dev", "--project", "shop", "--host", "--dotenv", ".env.local");
    await stack.up();
    const status = await stack.project.cli(["status"]);
    expect([status.code, status.stdout]).toEqual([1, expect.stringContaining("npx glitchtip-compose up")]);
    expect(stack.read(".env.local")).toBe("PORT=3000");

    expect(await cli("up")).toContain("wrote .env.local");
    const dsn = () => parse(stack.read(".env.local")).SENTRY_DSN ?? "";
    const first = dsn();
    expect(first).toContain(`@127.0.0.1:${stack.project.ports.glitchtip}/`);
    expect(JSON.parse(await cli("verify", "--json")).apps).toMatchObject([
      { app: "dev", ok: true, via: "this machine" },
    ]);
    expect(JSON.parse(await cli("status", "--json")).apps).toMatchObject([{ app: "dev", dotenv: ".env.local" }]);
    await cli("doctor");

    await cli("rotate", "--keep-old");
    expect(dsn()).not.toBe(first);
    await cli("verify");
    const rotated = dsn();
    stack.write(".env.local", "PORT=3000");
    await cli("provision");
    expect(dsn()).toBe(rotated);

    await cli("remove", "dev");
    expect(stack.read(".env.local")).toBe("PORT=3000");
    expect((await stack.init()).stdout).toContain("nothing to change");
  });
});
