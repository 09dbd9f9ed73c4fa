import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cliFolders, runCli } from "../../support/cli-process.ts";
import { mountSmallDisk } from "../../support/small-disk.ts";
import { COMPOSE, filesOf } from "./workspace.ts";

describe("init", () => {
  it("in an empty folder writes a workspace and says what was written and what to type next", async () => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, "init");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^created {2}compose\.override\.yaml$/m);
    expect(stdout.split("\n").slice(-9)).toEqual([
      "once it runs:",
      "GlitchTip     http://localhost:8000",
      "  sign in as  admin@example.com",
      "  password    npx glitchtip-compose password",
      "sample app    http://localhost:3000  (an error: http://localhost:3000/error)",
      "",
      "next: docker compose up -d --wait",
      "then: npx glitchtip-compose verify",
      "",
    ]);
    const files = filesOf(folders.project);
    for (const name of ["glitchtip.yaml", "compose.yaml", "compose.override.yaml", ".glitchtip/with-dsn"]) {
      expect(Object.keys(files)).toContain(name);
    }
    expect(Object.keys(files)).not.toContain(".env");
    expect(Object.keys(files).filter((name) => name.includes("/secrets/"))).toEqual([]);
    expect(folders.leftovers()).toEqual([]);
  });

  it("--no-apps says that no app is declared, and how to declare one", async () => {
    using folders = cliFolders();
    const { code, stdout } = await runCli(folders, "init", "--no-apps");
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(-3)).toEqual([
      "next: docker compose up -d --wait",
      "no app is declared; then: npx glitchtip-compose add dev --host --project shop --dotenv .env.local",
      "",
    ]);
  });

  it("--production names three steps, the check for production last", async () => {
    using folders = cliFolders();
    const flags = ["--production", "--domain", "errors.example.com", "--no-preflight"];
    const { code, stdout } = await runCli(folders, "init", ...flags);
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(-4)).toEqual([
      "next: docker compose up -d --wait",
      "then: npx glitchtip-compose verify",
      "then: npx glitchtip-compose check --production",
      "",
    ]);
  });

  it("a second time changes nothing and says so", async () => {
    using folders = cliFolders();
    await runCli(folders, "init");
    const before = filesOf(folders.project);
    const { code, stdout } = await runCli(folders, "init");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^nothing to change$/m);
    expect(filesOf(folders.project)).toEqual(before);
  });

  it("--dry-run says what it would write and writes nothing", async () => {
    using folders = cliFolders();
    const { code, stdout } = await runCli(folders, "init", "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^would be created {2}glitchtip\.yaml$/m);
    expect(filesOf(folders.project)).toEqual({});
  });

  it("--json prints one value, and only that, on stdout", async () => {
    using folders = cliFolders();
    const { code, stdout } = await runCli(folders, "init", "--json");
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ nothingToChange: false, next: "docker compose up -d --wait" });
    expect(result.created).toContain("glitchtip.yaml");
  });

  it("takes the Compose file of a folder above, as Compose does, and says so", async () => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    const below = join(folders.project, "packages/web");
    mkdirSync(below, { recursive: true });
    const { code, stderr } = await runCli({ ...folders, project: below }, "init", "--app", "api=shop");
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`init uses the one in ${folders.project}`);
    expect(Object.keys(filesOf(below))).toEqual([]);
    expect(filesOf(folders.project)["glitchtip.yaml"]).toContain("api: { project: shop }");

    const beside = await runCli({ ...folders, project: below }, "init", "--no-apps");
    expect(beside).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`init uses the one in ${folders.project}`),
    });
    expect(Object.keys(filesOf(below))).toEqual([]);
    const alone = await runCli({ ...folders, project: below }, "init", "-C", ".", "--no-apps");
    expect(alone).toMatchObject({ code: 0, stderr: "" });
    expect(filesOf(below)["glitchtip.yaml"]).toContain("apps: {}");
  });

  it("in a folder with other things ends with 2 and says what to type", async () => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "package.json"), "{}");
    const { code, stderr } = await runCli(folders, "init");
    expect([code, stderr]).toEqual([2, expect.stringMatching(/not empty \(package\.json\).*--no-apps.*--sample/s)]);
    expect((await runCli(folders, "init", "--sample")).code).toBe(0);
  });

  it("works in another folder by -C, before the command or after it", async () => {
    for (const words of [
      ["-C", "PLACE", "init"],
      ["init", "--directory", "PLACE"],
    ]) {
      using folders = cliFolders();
      const real = words.map((word) => (word === "PLACE" ? folders.temporary : word));
      expect((await runCli(folders, ...real)).code).toBe(0);
      expect(filesOf(folders.project)).toEqual({});
      expect(Object.keys(filesOf(folders.temporary))).toContain("glitchtip.yaml");
    }
  });

  it("makes no folder for a mistyped -C: it says which one may be meant, or how to make it", async () => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, "init", "--yes", "-C", "../my-shp");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(
      'error GC1001: -C ../my-shp: there is no such folder; did you mean "my-shop"?\n' +
        "  → For a new project: mkdir -p ../my-shp, then run the same command again.\n",
    );
    expect((await runCli(folders, "init", "-C", "../tmp/../my-shop")).code).toBe(0);
    expect((await runCli(folders, "status", "-C", "glitchtip.yaml")).stderr).toContain(
      "-C glitchtip.yaml: this is no folder",
    );
  });

  it("beside services and without a terminal fails with the options to type instead of asking", async () => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    const { code, stdout, stderr } = await runCli(folders, "init");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^error GC1002: /);
    expect(stderr).toContain("--app api=PROJECT");
    expect(stderr).toContain("web");
    expect(filesOf(folders.project)).toEqual({ "compose.yaml": COMPOSE });
  });

  it("beside services touches none of the user's files", async () => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    const { code } = await runCli(folders, "init", "--app", "api=shop-api");
    expect(code).toBe(0);
    expect(filesOf(folders.project)["compose.yaml"]).toBe(COMPOSE);
  });

  it("names a service that is not there, with the one that was meant", async () => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    const { code, stderr } = await runCli(folders, "init", "--app", "apo=shop-api");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error GC1104: .*did you mean "api"\?$/m);
    expect(filesOf(folders.project)).toEqual({ "compose.yaml": COMPOSE });
  });

  it("in a read-only folder names what it cannot write", async ({ skip }) => {
    using folders = cliFolders();
    using disk = mountSmallDisk(folders.project, 1 << 20, skip);
    disk.makeReadOnly();
    const { code, stderr } = await runCli(folders, "init");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error GC1501: \S+ cannot be written\n {2}→ Check who owns the folder/m);
  });

  it("on a full disk names what it cannot write, and is finished by the next run", async ({ skip }) => {
    using folders = cliFolders();
    using disk = mountSmallDisk(folders.project, 64 << 10, skip);
    const { code, stderr } = await runCli(folders, "init");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error GC1502: \S+: no space is left\n {2}→ Free some space/m);
    expect(Object.keys(filesOf(folders.project)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    disk.resize(4 << 20);
    expect(await runCli(folders, "init")).toMatchObject({ code: 0 });
  });
});
