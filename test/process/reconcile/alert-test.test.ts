import { describe, expect, it } from "vitest";
import { SHOP, serverLines, startServerProject } from "../../support/server-project.ts";

describe("alert test", () => {
  it("sends a test where the server can, and says so where it cannot", async () => {
    await using project = await startServerProject({ generation: "6" });
    project.declare(SHOP);
    await project.run("apply", "--yes");
    const done = await project.run("alert", "test", "errors", "--project", "shop-api");
    expect(done).toMatchObject({
      code: 0,
      stdout: 'shop-api: a test of "errors" went to webhook\nshop-api: GlitchTip sends no test by email\n',
    });
    expect(project.emulator.requests.at(-1)?.path).toMatch(/\/alerts\/\d+\/test\/$/);
    project.emulator.fault({
      path: /\/test\/$/,
      effect: {
        kind: "answer",
        status: 200,
        body: [{ recipientType: "webhook", status: "error", message: "Connection refused" }],
      },
    });
    expect(await project.run("alert", "test", "errors", "--project", "shop-api")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /GC1609: the test of "errors" did not arrive everywhere\n.*webhook: Connection refused/,
      ),
    });
    for (const [words, said] of [
      [["erorrs", "--project", "shop-api"], 'has no alert "erorrs"; did you mean "errors"?'],
      [["errors", "--project", "shop"], "prod has no project shop"],
    ] as const) {
      expect(await project.run("alert", "test", ...words)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(said),
      });
    }
    await using old = await startServerProject({ generation: "5.2" });
    old.write("glitchtip.yaml", serverLines(old.emulator).replace("{url", '{generation: "5.2", url') + SHOP);
    expect(await old.run("alert", "test", "errors", "--project", "shop-api")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("runs GlitchTip 5.2, which cannot test alerts"),
    });
    old.declare(SHOP);
    await old.run("apply", "--yes");
    expect(await old.run("alert", "test", "errors", "--project", "shop-api")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("GC1209: prod (version 0.0.0-unknown) cannot test alerts"),
    });
  }, 60_000);
});
