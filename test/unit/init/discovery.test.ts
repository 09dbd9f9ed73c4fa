import { lstatSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runProcess } from "../../../src/base/process.ts";
import { discoveryProblem, refuseMissedStackFile } from "../../../src/workspace/discovery-problem.ts";
import { readManifest } from "../../../src/workspace/manifest.ts";
import { ejectFiles } from "../../../src/workspace/render.ts";
import { readWorkspace } from "../../../src/workspace/workspace.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";
import { run, SERVICE } from "./initiating.ts";

const [OVERRIDE, LISTED] = ["compose.override.yaml", "compose.glitchtip.yaml"];
const APPS = { apps: { api: "shop" } };
const MARK = "# Added by glitchtip-compose: how Compose finds its file, and ports.";

function project(files: Readonly<Record<string, string>> = {}): TemporaryFolder {
  const folder = new TemporaryFolder();
  for (const [path, text] of Object.entries({ "compose.yaml": SERVICE, ...files })) folder.write(path, text);
  return folder;
}

async function repository(ignored: string): Promise<TemporaryFolder> {
  const folder = project({ ".gitignore": ignored });
  await runProcess("git", ["init", "--quiet"], { cwd: folder.path, deadlineMs: 30_000 });
  return folder;
}

const has = (folder: TemporaryFolder, path: string) => path in folder.files();
const managedNames = (folder: TemporaryFolder) =>
  Object.keys(readManifest(folder.path).files).filter((path) => path.startsWith("compose."));

describe("how Compose finds our file", () => {
  it("is by its name where the folder has no override file, and .env stays as it is", async () => {
    using folder = project({ ".env": "SECRET=x" });
    await run(folder, APPS);
    expect(folder.read(".env")).toBe("SECRET=x");
    expect([has(folder, OVERRIDE), has(folder, LISTED)]).toEqual([true, false]);
    expect(await run(folder, {})).toMatchObject({ nothingToChange: true });
  });

  it.each([
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
  ])("is by COMPOSE_FILE beside a %s of the user's", async (name) => {
    using folder = project({ [name]: "services: {}\n" });
    await run(folder, APPS);
    expect(folder.read(name)).toBe("services: {}\n");
    expect(folder.read(".env")).toContain(
      `${MARK}\nCOMPOSE_PATH_SEPARATOR=:\nCOMPOSE_FILE=compose.yaml:${name}:${LISTED}\n`,
    );
    expect((await refusal(run(folder, { discovery: "override" }))).code).toBe("GC1103");
  });

  it("stays so once the line of our file's header is in .env, which names every file", async () => {
    using folder = new TemporaryFolder();
    folder.write("docker-compose.yml", SERVICE);
    await run(folder, APPS);
    const [, line] = /no COMPOSE_FILE yet: (.+)\n/.exec(folder.read(OVERRIDE)) ?? [];
    expect(line).toBe(`COMPOSE_FILE=docker-compose.yml:${OVERRIDE}:mine.yaml`);
    folder.write("mine.yaml", "services: {}\n");
    folder.write(".env", `${line}\n`);
    expect(await run(folder, {})).toMatchObject({ nothingToChange: true });
    expect(readWorkspace(folder.path).composeFiles).toEqual(["docker-compose.yml", OVERRIDE, "mine.yaml"]);
  });

  it("leads to a header without a file of the user's where ours is alone", async () => {
    using folder = new TemporaryFolder();
    await run(folder, { noApps: true });
    expect(folder.read("compose.yaml")).toContain("no COMPOSE_FILE yet: COMPOSE_FILE=compose.yaml:mine.yaml\n");
  });

  it("is by COMPOSE_FILE where git ignores the name, and says so where git ignores .env, too", async () => {
    using folder = await repository("*.override.yaml\n.env\n");
    const warnings: string[] = [];
    await run(folder, APPS, { warnings });
    expect([has(folder, OVERRIDE), has(folder, LISTED)]).toEqual([false, true]);
    expect(warnings).toEqual([expect.stringMatching(/^git ignores \.env, .* clones the repository has to run/)]);
  });

  it.each(["docker-compose.override.yml", "compose.override.yml", "docker-compose.override.*"])(
    "is by COMPOSE_FILE where git ignores %s, which a colleague may have",
    async (ignored) => {
      using folder = await repository(`${ignored}\n`);
      await run(folder, APPS);
      expect([has(folder, OVERRIDE), has(folder, LISTED)]).toEqual([false, true]);
    },
  );

  it("is by its name in a repository that ignores only .env", async () => {
    using folder = await repository(".env\n");
    const warnings: string[] = [];
    await run(folder, APPS, { warnings });
    expect([has(folder, OVERRIDE), warnings]).toEqual([true, []]);
  });

  it("is by its name for a .env that is an env_file", async () => {
    using folder = project({ "compose.yaml": `${SERVICE}    env_file: .env\n`, ".env": "A=1\n" });
    const warnings: string[] = [];
    await run(folder, APPS, { warnings });
    expect([folder.read(".env"), warnings]).toEqual(["A=1\n", []]);
  });

  it("changes to COMPOSE_FILE once the user has an override file of another name", async () => {
    using folder = project();
    await run(folder, APPS);
    folder.write("compose.override.yml", "services: {}\n");
    await run(folder, {});
    expect(folder.read(".env")).toContain(`COMPOSE_FILE=compose.yaml:compose.override.yml:${LISTED}\n`);
    expect(has(folder, OVERRIDE)).toBe(false);
  });
});

describe("init --discovery", () => {
  const texts = ["", "A=1\n", "A=1", "A=1\r\nB=2\r\n", "# only a comment", "GLITCHTIP_PORT=9100\nB=2"];
  it.each(texts)("changes in both directions, and .env %j comes back byte for byte", async (text) => {
    using folder = project(text === "" ? {} : { ".env": text });
    await run(folder, APPS);
    const before = folder.files();
    await run(folder, { discovery: "env" });
    expect(folder.read(".env")).toMatch(new RegExp(`COMPOSE_FILE=compose.yaml:${LISTED}\r?\n`));
    expect([has(folder, OVERRIDE), managedNames(folder)]).toEqual([false, [LISTED]]);
    expect(await run(folder, {})).toMatchObject({ nothingToChange: true });
    await run(folder, { discovery: "override" });
    expect(managedNames(folder)).toEqual([OVERRIDE]);
    expect(folder.files()).toEqual(before);
    expect(await run(folder, {})).toMatchObject({ nothingToChange: true });
  });

  it("keeps what the user has edited in the managed file", async () => {
    using folder = project();
    await run(folder, APPS);
    folder.write(OVERRIDE, `${folder.read(OVERRIDE)}# mine\n`);
    const edited = folder.read(OVERRIDE);
    await run(folder, { discovery: "env" });
    expect([folder.read(LISTED), has(folder, OVERRIDE)]).toEqual([edited, false]);
    await run(folder, { discovery: "override" });
    expect([folder.read(OVERRIDE), has(folder, LISTED)]).toEqual([edited, false]);
    expect(await run(folder, {})).toMatchObject({ nothingToChange: true });
  });

  it("keeps an ejected file ejected", async () => {
    using folder = project();
    await run(folder, APPS);
    ejectFiles({ dir: folder.path, assets: testAssets() }, [OVERRIDE]);
    folder.write(OVERRIDE, `${folder.read(OVERRIDE)}# mine\n`);
    const ejected = folder.read(OVERRIDE);
    for (const [discovery, name, other] of [
      ["env", LISTED, OVERRIDE],
      ["override", OVERRIDE, LISTED],
    ] as const) {
      await run(folder, { discovery });
      expect([folder.read(name), has(folder, other)]).toEqual([ejected, false]);
      expect(readManifest(folder.path).files[name]?.ejected).toBe(true);
    }
  });

  it.each(["env", "override"] as const)(
    "to %s goes on where it was killed between its two files",
    async (discovery) => {
      using folder = project();
      await run(folder, { ...APPS, discovery: discovery === "env" ? "override" : "env" });
      const [from, to] = discovery === "env" ? [OVERRIDE, LISTED] : [LISTED, OVERRIDE];
      folder.write(to, folder.read(from));
      const manifest = JSON.parse(folder.read(".glitchtip/manifest.json"));
      manifest.files[to] = manifest.files[from];
      folder.write(".glitchtip/manifest.json", JSON.stringify(manifest));
      await run(folder, { discovery });
      expect(managedNames(folder)).toEqual([to]);
      expect([has(folder, from), has(folder, ".env")]).toEqual([false, discovery === "env"]);
      expect(await run(folder, {})).toMatchObject({ nothingToChange: true });
    },
  );

  it("keeps the user's own lines: files after ours, a changed port, other variables below", async () => {
    using folder = project({ "mine.yaml": "services: {}\n" });
    await run(folder, { ...APPS, discovery: "env" });
    const text = folder.read(".env").replace(LISTED, `${LISTED}:mine.yaml`);
    folder.write(".env", `${text.replace("GLITCHTIP_PORT=8000", "GLITCHTIP_PORT=9100")}MINE=1\n`);
    await run(folder, { discovery: "override" });
    expect(folder.read(".env")).toContain(`COMPOSE_FILE=compose.yaml:${OVERRIDE}:mine.yaml\n`);
    expect(folder.read(".env")).toMatch(/GLITCHTIP_PORT=9100\nMINE=1\n$/);
  });
});

it("the link that earlier versions made is replaced by the managed file", async () => {
  using folder = project({ "compose.yaml": `${SERVICE}    env_file: .env\n`, ".env": "A=1\n" });
  await run(folder, { ...APPS, discovery: "env" });
  folder.write(".env", "A=1\n");
  const text = folder.read(LISTED);
  symlinkSync(LISTED, join(folder.path, OVERRIDE));
  await run(folder, {});
  expect(lstatSync(join(folder.path, OVERRIDE)).isFile()).toBe(true);
  expect([folder.read(OVERRIDE), has(folder, LISTED), folder.read(".env")]).toEqual([text, false, "A=1\n"]);
  expect(await run(folder, {})).toMatchObject({ nothingToChange: true });
});

describe("COMPOSE_FILE of the user's", () => {
  const value = (folder: TemporaryFolder, text: string) => text.replace("DIR", folder.path);
  it.each([
    ["an absolute path", "COMPOSE_FILE=DIR/compose.yaml\n", `COMPOSE_FILE=DIR/compose.yaml:${LISTED}\n`],
    ["a variable", `D=DIR\nCOMPOSE_FILE=\${D}/compose.yaml\n`, `COMPOSE_FILE=\${D}/compose.yaml:${LISTED}\n`],
    ["a variable in quotes", `D=DIR\nCOMPOSE_FILE="$D/compose.yaml"\n`, `COMPOSE_FILE="$D/compose.yaml:${LISTED}"\n`],
    ["./", "COMPOSE_FILE=./compose.yaml\n", `COMPOSE_FILE=./compose.yaml:${LISTED}\n`],
    [
      "a separator",
      "COMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE=compose.yaml;b.yaml\n",
      `COMPOSE_FILE=compose.yaml;b.yaml;${LISTED}\n`,
    ],
  ])("with %s is understood and gets ours", async (_, text, wanted) => {
    using folder = project({ "b.yaml": "services: {}\n" });
    folder.write(".env", value(folder, text));
    await run(folder, APPS);
    expect(folder.read(".env")).toContain(value(folder, wanted));
    expect(discoveryProblem(readWorkspace(folder.path), {})).toBeUndefined();
    expect(await run(folder, {})).toMatchObject({ nothingToChange: true });
  });
});

describe("Compose misses our file", () => {
  it("where the shell's COMPOSE_FILE lacks it", async () => {
    using folder = project();
    await run(folder, APPS);
    const workspace = readWorkspace(folder.path);
    expect(discoveryProblem(workspace, { COMPOSE_FILE: "compose.yaml" })).toMatchObject({ fix: "unset COMPOSE_FILE" });
    expect(discoveryProblem(workspace, { COMPOSE_FILE: `compose.yaml:${folder.path}/${OVERRIDE}` })).toBeUndefined();
    expect(discoveryProblem(workspace, {})).toBeUndefined();
  });

  it.each([
    [{ COMPOSE_ENV_FILES: "prod.env" }, "unset COMPOSE_ENV_FILES"],
    [{ COMPOSE_DISABLE_ENV_FILE: "1" }, "unset COMPOSE_DISABLE_ENV_FILE"],
    [{ COMPOSE_ENV_FILES: ".env,prod.env", COMPOSE_DISABLE_ENV_FILE: "0" }, undefined],
  ])("where %j keeps it from .env, unless our file is the override file", async (shell, fix) => {
    using folder = project();
    await run(folder, { ...APPS, discovery: "env" });
    expect(discoveryProblem(readWorkspace(folder.path), shell)?.fix).toBe(fix);
    await run(folder, { discovery: "override" });
    expect(discoveryProblem(readWorkspace(folder.path), shell)).toBeUndefined();
  });

  it("and up refuses to start anything", async () => {
    using folder = project();
    await run(folder, APPS);
    const workspace = readWorkspace(folder.path);
    expect(() => refuseMissedStackFile(workspace, {})).not.toThrow();
    expect(() => refuseMissedStackFile(workspace, { COMPOSE_FILE: "compose.yaml" })).toThrow(
      expect.objectContaining({
        code: "GC1103",
        message: expect.stringMatching(/lacks compose.override.yaml.*nothing was started$/),
        remedy: "unset COMPOSE_FILE",
      }),
    );
  });

  it("where the user has an override file beside ours", async () => {
    using folder = project();
    await run(folder, APPS);
    folder.write("docker-compose.override.yml", "services: {}\n");
    expect(discoveryProblem(readWorkspace(folder.path), {})?.what).toMatch(
      /^Compose reads one override file by itself, and beside compose.override.yaml there is docker-compose.override.yml,/,
    );
  });

  it.each([
    ["env", "A=1\n"],
    ["override", "COMPOSE_FILE=compose.yaml\n"],
  ] as const)("where .env was overwritten (%s), and init repairs it", async (discovery, text) => {
    using folder = project();
    await run(folder, { ...APPS, discovery });
    folder.write(".env", text);
    expect(discoveryProblem(readWorkspace(folder.path), {})).toMatchObject({
      what: expect.stringContaining("COMPOSE_FILE in .env does not list"),
    });
    await run(folder, {});
    expect(discoveryProblem(readWorkspace(folder.path), {})).toBeUndefined();
  });
});
