import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadDeclaration } from "../../../src/config/load.ts";
import { composeFolderAbove } from "../../../src/workspace/index.ts";
import { applyUninstall, planUninstall } from "../../../src/workspace/uninstall.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";
import { run, SERVICE } from "./initiating.ts";

describe("init in a folder without a Compose file", () => {
  it.each(["package.json", "src/main.py", "docker-compose.prod.yml"])(
    "puts no sample app beside %s, and says what to type",
    async (path) => {
      using folder = new TemporaryFolder();
      folder.write(path, "{}");
      const { code, message, remedy } = await refusal(run(folder));
      expect([code, message]).toEqual(["GC1002", expect.stringContaining(`not empty (${path.split("/")[0]})`)]);
      expect(remedy).toMatch(/--no-apps.*--sample/);
      expect(Object.keys(folder.files())).toEqual([path]);
    },
  );

  it("names a Compose file that Compose reads only where it is named", async () => {
    using folder = new TemporaryFolder();
    folder.write("docker-compose.prod.yml", SERVICE);
    expect((await refusal(run(folder))).problems).toEqual([
      expect.stringContaining("COMPOSE_FILE=docker-compose.prod.yml into .env"),
    ]);
    folder.write(".env", "COMPOSE_FILE=docker-compose.prod.yml\n");
    expect((await run(folder, { apps: { api: "shop" } })).services).toMatchObject([{ service: "api" }]);
  });

  it("makes the sample app beside other things where it is asked for, and by itself beside what says nothing", async () => {
    using asked = new TemporaryFolder();
    asked.write("package.json", "{}");
    await run(asked, { sample: true });
    using untelling = new TemporaryFolder();
    for (const path of [".git/HEAD", ".gitignore", "README.md", "LICENSE", ".github/ci.yml"]) untelling.write(path, "");
    await run(untelling);
    for (const folder of [asked, untelling]) expect(Object.keys(folder.files())).toContain("app/server.mjs");
  });

  it("does not take a file that an option names for something else", async () => {
    using folder = new TemporaryFolder();
    folder.write("conf/mail", "smtp://mail");
    await run(folder, { emailUrl: "file:./conf/mail" });
    expect(folder.read("compose.yaml")).toContain("server.mjs");
  });

  it("refuses the sample app beside a Compose file", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", SERVICE);
    expect(await refusal(run(folder, { sample: true }))).toMatchObject({
      code: "GC1001",
      message: expect.stringContaining("this one has compose.yaml"),
    });
  });

  it("makes GlitchTip alone with noApps: no app, no sample, and a second run changes nothing", async () => {
    using folder = new TemporaryFolder();
    folder.write("package.json", "{}");
    const warnings: string[] = [];
    const result = await run(folder, { noApps: true }, { warnings });
    expect(result.services).toEqual([]);
    expect(warnings).toEqual([]);
    expect(loadDeclaration(folder.read("glitchtip.yaml"), "glitchtip.yaml")).toMatchObject({ projects: {}, apps: {} });
    const files = folder.files();
    expect(Object.keys(files).filter((path) => !path.startsWith("."))).toEqual([
      "compose.yaml",
      "glitchtip.yaml",
      "package.json",
    ]);
    expect(files).not.toHaveProperty(".env");
    expect(await run(folder, { noApps: true })).toMatchObject({ nothingToChange: true });
    expect(folder.files()).toEqual(files);
  });

  it("moves GlitchTip from compose.yaml to the override file once the user has a Compose file", async () => {
    using folder = new TemporaryFolder();
    await run(folder, { noApps: true });
    const alone = folder.read("compose.yaml");
    folder.write("compose.override.yml", "services: {glitchtip: {labels: {mine: x}}}\n");
    const again = await run(folder);
    expect(again).toMatchObject({
      nothingToChange: true,
      next: "docker compose up -d --wait",
      afterwards: "npx glitchtip-compose add dev --host --project shop --dotenv .env.local",
    });
    expect(again).not.toHaveProperty("sampleUrl");
    folder.remove("compose.override.yml");
    folder.write("docker-compose.yml", SERVICE);
    await run(folder);
    const below = (text: string) => text.slice(text.indexOf("\n\n"));
    expect(below(folder.read("compose.override.yaml"))).toBe(below(alone));
    expect(folder.read("compose.override.yaml")).toContain("docker-compose.yml:compose.override.yaml:mine.yaml\n");
    expect(Object.keys(folder.files())).not.toContain("compose.yaml");
  });

  it.each([{}, { discovery: "env" as const }])(
    "leads back with uninstall from GlitchTip alone (%j)",
    async (options) => {
      using folder = new TemporaryFolder();
      folder.write("package.json", "{}");
      await run(folder, { noApps: true, ...options });
      applyUninstall(planUninstall(folder.path));
      expect(folder.files()).toEqual({ "package.json": "{}" });
    },
  );

  it("says with noApps that a declaration has apps", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    expect((await refusal(run(folder, { noApps: true }))).problems).toEqual([
      expect.stringMatching(/^apps: \{\} by --no-apps, .*glitchtip\.yaml:\d+$/),
    ]);
  });
});

describe("the folder above with Compose files", () => {
  it("is found where Compose looks, and only where the folder has none itself", () => {
    using folder = new TemporaryFolder();
    const below = join(folder.path, "packages/web");
    mkdirSync(below, { recursive: true });
    expect(composeFolderAbove(below)).toBeUndefined();
    folder.write("docker-compose.yml", SERVICE);
    expect(composeFolderAbove(below)).toBe(folder.path);
    folder.write("packages/web/.env", "COMPOSE_FILE=compose.dev.yaml\n");
    expect(composeFolderAbove(below)).toBeUndefined();
    folder.write("packages/web/.env", "");
    folder.write("packages/web/compose.yml", SERVICE);
    expect(composeFolderAbove(below)).toBeUndefined();
  });

  it("is one with a declaration, too", () => {
    using folder = new TemporaryFolder();
    folder.write("glitchtip.yaml", "version: 1\n");
    mkdirSync(join(folder.path, "src"));
    expect(composeFolderAbove(join(folder.path, "src"))).toBe(folder.path);
  });
});
