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
});
