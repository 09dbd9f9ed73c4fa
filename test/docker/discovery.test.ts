import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";

const isBad = /app was started without our Compose file/;

/** Exit code and text of the commands that look at a stack. */
async function seen(stack: Stack) {
  const looked = async (command: string) => {
    const { code, stdout, stderr } = await stack.project.cli([command]);
    return { isFine: code === 0, isNamed: isBad.test(stdout + stderr), text: stdout + stderr };
  };
  return [await looked("status"), await looked("doctor"), await looked("verify")];
}

const FINE = { isFine: true, isNamed: false };
const NAMED = { isFine: false, isNamed: true };

describeOnEngine("how Compose finds our file", () => {
  it("an app that plain Compose was made to start without it is named, and the next up heals it", async () => {
    await using stack = await Stack.sample();
    await stack.up();
    expect(await seen(stack)).toMatchObject([FINE, FINE, FINE]);
    await stack.compose(["-f", "compose.yaml", "up", "-d"]);
    expect(await seen(stack)).toMatchObject([NAMED, NAMED, NAMED]);
    await stack.up();
    expect(await seen(stack)).toMatchObject([FINE, FINE, FINE]);
  });

  it("a lost line of .env is named, up refuses, init repairs; --discovery override starts nothing anew", async () => {
    await using stack = await Stack.sample("--discovery", "env");
    await stack.up();
    const before = stack.read(".env");
    stack.write(".env", before.replace(/^COMPOSE_FILE=.*\n/m, ""));
    const [status, doctor] = await seen(stack);
    for (const one of [status, doctor]) {
      expect(one?.text).toContain("COMPOSE_FILE in .env does not list compose.glitchtip.yaml");
      expect(one?.isFine).toBe(false);
    }
    const refused = await stack.project.cli(["up"]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("nothing was started")]);
    await stack.init();
    const ids = async () => [...(await stack.containers())].map(([name, { Id }]) => `${name} ${Id}`).sort();
    const running = await ids();
    await stack.init("--discovery", "override");
    expect(stack.read(".env")).not.toContain("COMPOSE_FILE");
    await stack.up();
    expect((await ids()).filter((id) => /^(?:app|glitchtip|glitchtip-db) /.test(id))).toEqual(
      running.filter((id) => /^(?:app|glitchtip|glitchtip-db) /.test(id)),
    );
    expect(await seen(stack)).toMatchObject([FINE, FINE, FINE]);
  });

  it("a clone without .env comes up by docker compose alone", async () => {
    await using stack = await Stack.sample();
    await using clone = await Stack.in();
    const own = clone.read(".env");
    cpSync(stack.project.dir, clone.project.dir, { recursive: true });
    rmSync(join(clone.project.dir, ".glitchtip/state"), { recursive: true, force: true });
    clone.write(".env", own);
    await clone.up();
    expect(await clone.answeringApp()).toMatchObject({ reporting: true });
  });
});
