import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readWorkspace } from "../../../src/workspace/workspace.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";
import { run, SERVICE } from "./initiating.ts";

describe("a second init", () => {
  it("changes nothing, not even a time stamp", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    const before = [folder.files(), folder.modifiedMs()];
    expect(await run(folder)).toMatchObject({ nothingToChange: true, created: [], changed: [] });
    expect([folder.files(), folder.modifiedMs()]).toEqual(before);
  });

  it("updates the stack after an edit of the declaration", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    folder.write("glitchtip.yaml", folder.read("glitchtip.yaml").replace("server:", "server:\n  topology: split"));
    expect((await run(folder)).changed).toEqual(["compose.override.yaml"]);
    expect(folder.read("compose.override.yaml")).toContain("glitchtip-worker:");
    // Noted in passing, no change of its own: the provisioner warns of a declaration that it does not know.
    const noted = createHash("sha256").update(folder.read("glitchtip.yaml")).digest("hex");
    expect(JSON.parse(folder.read(".glitchtip/provision.json"))).toMatchObject({ declarationSha256: noted });
  });

  it("accepts options that repeat the declaration, and refuses those that contradict it", async () => {
    using folder = new TemporaryFolder();
    await run(folder, { organization: "Acme" });
    await run(folder, { organization: "Acme", apps: { app: "app" } });
    const error = await refusal(run(folder, { organization: "Other", apps: { app: "shop" } }));
    expect([error.code, error.problems]).toEqual([
      "GC1001",
      [
        'organization: "Other" by --organization, "Acme" in glitchtip.yaml:13',
        'apps.app.project: "shop" by --app, "app" in glitchtip.yaml:21',
      ],
    ]);
  });

  it("removes what a killed run left beside the files, and nothing else", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    const leftovers = [".env", ".glitchtip/gate.py", ".glitchtip/base/gate.py", ".glitchtip/secrets/db_password"];
    for (const path of [...leftovers, "notes"]) folder.write(`${path}.${2 ** 30}-0123456789ab.tmp`, "half");
    folder.remove(".glitchtip/gate.py");
    await run(folder);
    expect(Object.keys(folder.files()).filter((path) => path.endsWith(".tmp"))).toEqual([
      `notes.${2 ** 30}-0123456789ab.tmp`,
    ]);
  });

  it("leaves the secrets of an earlier version as they are, and says when they may go", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    const stack = folder.read("compose.override.yaml");
    folder.write(".glitchtip/secrets/db_password", "of-before");
    const warnings: string[] = [];
    await run(folder, {}, { warnings });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^\.glitchtip\/secrets\/db_password: .* then delete them and run npx glitchtip-compose init$/,
      ),
    ]);
    expect(folder.read(".glitchtip/secrets/db_password")).toBe("of-before");
    expect(folder.read("compose.override.yaml")).toContain("./.glitchtip/secrets:/run/old-secrets:ro");
    folder.remove(".glitchtip/secrets");
    await run(folder);
    expect(folder.read("compose.override.yaml")).toBe(stack);
  });

  it("makes the files of a clone under a strict umask readable for containers again", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    const text = folder.read(".glitchtip/gate.py");
    folder.remove(".glitchtip/gate.py");
    folder.write(".glitchtip/gate.py", text, 0o600);
    expect((await run(folder)).changed).toEqual([".glitchtip/gate.py"]);
    expect(folder.mode(".glitchtip/gate.py")).toBe("644");
  });
});

describe("a workspace on disk", () => {
  it("is read with its files, its port and its Compose project name", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", `name: shop\n${SERVICE}`);
    await run(folder, { apps: { api: "shop" }, port: 8123 });
    expect(readWorkspace(folder.path)).toMatchObject({
      composeFiles: ["compose.yaml", "compose.override.yaml"],
      port: 8123,
      composeProjectName: "shop",
      declaration: { apps: { api: { project: "shop" } } },
    });
  });

  it("is an error without a declaration, which says how to make one", () => {
    using folder = new TemporaryFolder();
    expect(() => readWorkspace(folder.path)).toThrow(
      expect.objectContaining({ code: "GC1108", remedy: expect.stringContaining("npx glitchtip-compose init") }),
    );
  });
});
