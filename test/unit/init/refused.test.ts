import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { InitOptions } from "../../../src/init/init.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";
import { run } from "./initiating.ts";

describe("bad input is refused before anything is written", () => {
  it.each<[string, InitOptions, string, RegExp]>([
    [
      "a name that is too long",
      { apps: { app: "x".repeat(65) } },
      "GC1101",
      /projects\.x+: the name must have at most 64/,
    ],
    ["a blank organization", { organization: "  " }, "GC1101", /--organization: organization: must not be blank/],
    ["an address that is none", { email: "nobody" }, "GC1101", /--email: admin\.email: must be an e-mail address/],
    ["an image of no generation", { image: "glitchtip/glitchtip" }, "GC1101", /server\.image: the tag/],
    ["an unknown service", { apps: { api: "shop" } }, "GC1104", /no service "api"/],
    ["an entrypoint of no app", { entrypoints: { ap: ["x"] } }, "GC1001", /ap gets no DSN.*did you mean "app"/],
  ])("%s", async (_, options, code, message) => {
    using folder = new TemporaryFolder();
    const error = await refusal(run(folder, options));
    expect([error.code, [error.message, ...error.problems].join("\n")]).toEqual([code, expect.stringMatching(message)]);
    expect(folder.files()).toEqual({});
  });

  it.each([
    ["COMPOSE_FILE=../compose.yaml\n", "GC1103", "another folder"],
    ["COMPOSE_FILE=nowhere.yaml\n", "GC1103", "which is not there"],
    ["GLITCHTIP_PORT=none\n", "GC1110", "GLITCHTIP_PORT in .env is no port: none"],
  ])("a .env with %j", async (text, code, message) => {
    using folder = new TemporaryFolder();
    folder.write(".env", text);
    const error = await refusal(run(folder));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
    expect(folder.files()).toEqual({ ".env": text });
  });

  it("an option that adds a section to a declaration that is there", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    const before = folder.files();
    const error = await refusal(run(folder, { domain: "no domain" }));
    expect([error.code, error.message]).toEqual(["GC1101", expect.stringContaining("nothing was written")]);
    expect(error.problems).toContainEqual(expect.stringMatching(/^--domain: production\.domain: /));
    expect(error.problems.join()).not.toContain("glitchtip.yaml:");
    expect(folder.files()).toEqual(before);
  });

  it("a declaration that is a folder", async () => {
    using folder = new TemporaryFolder();
    mkdirSync(join(folder.path, "glitchtip.yaml"));
    expect((await refusal(run(folder))).code).toBe("GC1102");
  });

  it("a password file that is not there", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    const declaration = folder.read("glitchtip.yaml").replace("{ email:", "{ password: file:pw.txt, email:");
    folder.write("glitchtip.yaml", declaration);
    expect(await refusal(run(folder))).toMatchObject({ code: "GC1107", message: expect.stringContaining("pw.txt") });
    folder.write("pw.txt", "secret");
    expect((await run(folder)).admin).toEqual({ email: "admin@example.com" });
  });

  it("names a folder that cannot be written", async () => {
    using folder = new TemporaryFolder();
    folder.write(".glitchtip", "in the way");
    const error = await refusal(run(folder));
    expect([error.code, error.message]).toEqual(["GC1501", expect.stringContaining(join(folder.path, ".glitchtip"))]);
  });
});
