import { applyPatch } from "diff";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CodedError } from "../../../src/base/errors.ts";
import { init } from "../../../src/operations/init.ts";
import { differencesOf } from "../../../src/operations/project/difference.ts";
import { type RenderOptions, render } from "../../../src/operations/render.ts";
import { TemporaryFolder, testAssets } from "../../support/project.ts";

const STACK = "compose.glitchtip.yaml";
const BASE = ".glitchtip/base/compose.glitchtip.yaml";
const GATE = ".glitchtip/gate.py";
const warnings: string[] = [];
const log = { info() {}, step() {}, debug() {}, warn: (text: string) => warnings.push(text) };

/** A project as version 1.0.0 of the tool wrote it. */
async function project(): Promise<TemporaryFolder> {
  const folder = new TemporaryFolder();
  await init({ dir: folder.path, log, env: {}, assets: testAssets() }, { organization: "Acme" });
  warnings.length = 0;
  return folder;
}

interface Upgrade extends RenderOptions {
  readonly version?: string;
  /** What another version has in its templates, from what this one has. */
  readonly templates?: (text: string) => string;
}

/** The same project rendered by another version of the tool, whose templates differ. */
function upgrade(folder: TemporaryFolder, { version = "1.0.0", templates, ...options }: Upgrade = {}) {
  const assets = testAssets(version);
  const compose = () => JSON.parse((templates ?? ((text) => text))(JSON.stringify(assets.compose())));
  return render({ dir: folder.path, log, env: {}, assets: { ...assets, compose } }, options);
}

const edit = (folder: TemporaryFolder, path: string, change: (text: string) => string) =>
  folder.write(path, change(folder.read(path)));
const declareSplit = (folder: TemporaryFolder) =>
  edit(folder, "glitchtip.yaml", (text) => text.replace("server:", "server:\n  topology: split"));
const newInterval = (text: string) => text.replaceAll('"start_interval":"1s"', '"start_interval":"2s"');

describe("a newer version of the tool", () => {
  it("rewrites what nobody edited, and shows the difference as patch takes it", async () => {
    using folder = await project();
    const before = folder.read(STACK);
    const result = await upgrade(folder, { version: "2.0.0", templates: newInterval });
    expect(result.changed).toEqual([STACK, GATE, ".glitchtip/provision.json", ".glitchtip/provisioner.mjs"]);
    const differences = await differencesOf(result.files);
    const { diff = "" } = differences.find(({ path }) => path === STACK) ?? {};
    expect(diff).toMatch(/^--- a\/compose\.glitchtip\.yaml\n\+\+\+ b\/compose\.glitchtip\.yaml\n@@/);
    expect(applyPatch(before, diff)).toBe(folder.read(STACK));
    expect(folder.read(BASE)).toBe(folder.read(STACK));
    expect(await upgrade(folder, { version: "2.0.0", templates: newInterval })).toMatchObject({
      nothingToChange: true,
    });
  });

  it("brings its changes into an edited file where the edits are elsewhere", async () => {
    using folder = await project();
    edit(folder, STACK, (text) => `${text.replace("mem_limit: 512m", "mem_limit: 1g")}\n# mine\n`);
    expect(await upgrade(folder, { templates: newInterval })).toMatchObject({ merged: [STACK], refused: [] });
    const text = folder.read(STACK);
    expect(text).toContain("mem_limit: 1g");
    expect(text).toContain("start_interval: 2s");
    expect(text).not.toContain("start_interval: 1s");
    expect(text).toMatch(/# mine\n$/);
    expect(await upgrade(folder, { templates: newInterval })).toMatchObject({ kept: [STACK], nothingToChange: true });
    // A second upgrade starts from what the first one wrote.
    expect(await upgrade(folder)).toMatchObject({ merged: [STACK] });
    expect(folder.read(STACK)).toContain("start_interval: 1s");
    expect(folder.read(STACK)).toContain("mem_limit: 1g");
  });

  it("does not merge a second time what a killed run has merged and not remembered", async () => {
    using folder = await project();
    const base = folder.read(BASE);
    edit(folder, STACK, (text) => `${text}# mine\n`);
    await upgrade(folder, { templates: newInterval });
    const merged = folder.read(STACK);
    folder.write(BASE, base);
    expect(await upgrade(folder, { templates: newInterval })).toMatchObject({ kept: [STACK], refused: [] });
    expect([folder.read(STACK), folder.read(BASE)]).toEqual([merged, merged.replace("# mine\n", "")]);
  });

  it("puts its own beside a file that was edited in the same lines, and says where", async () => {
    using folder = await project();
    edit(folder, STACK, (text) => text.replace("start_interval: 1s", "start_interval: 7s"));
    edit(folder, GATE, () => "# edited\n");
    const line =
      folder
        .read(STACK)
        .split("\n")
        .findIndex((text) => text.includes("7s")) + 1;
    const result = await upgrade(folder, { version: "2.0.0", templates: newInterval });
    expect(result).toMatchObject({ refused: [STACK, GATE], nothingToChange: false });
    expect(result.files.find(({ path }) => path === STACK)?.conflicts).toEqual([
      {
        line,
        yours: [expect.stringContaining("start_interval: 7s")],
        ours: [expect.stringContaining("start_interval: 2s")],
      },
    ]);
    expect(folder.read(STACK)).toContain("7s");
    expect(folder.read(`${STACK}.new`)).toContain("start_interval: 2s");
    expect(folder.read(`${GATE}.new`)).toBe("# gate of 2.0.0\n");
    expect(folder.read(".glitchtip/provisioner.mjs")).toBe("// bundle of 2.0.0\n");
  });

  it("takes its .new away once the file fits", async () => {
    using folder = await project();
    edit(folder, STACK, (text) => text.replace("start_interval: 1s", "start_interval: 7s"));
    await upgrade(folder, { templates: newInterval });
    expect((await upgrade(folder, { templates: newInterval })).refused).toEqual([STACK]);
    edit(folder, STACK, (text) => text.replace("start_interval: 7s", "start_interval: 2s"));
    expect((await upgrade(folder, { templates: newInterval })).refused).toEqual([]);
    expect(Object.keys(folder.files())).not.toContain(`${STACK}.new`);
  });

  it("accepts the file as it is once its .new is gone", async () => {
    using folder = await project();
    edit(folder, STACK, (text) => text.replace("start_interval: 1s", "start_interval: 7s"));
    await upgrade(folder, { templates: newInterval });
    folder.remove(`${STACK}.new`);
    expect(await upgrade(folder, { templates: newInterval })).toMatchObject({ kept: [STACK], refused: [] });
    expect(folder.read(STACK)).toContain("start_interval: 7s");
    expect(await upgrade(folder, { templates: newInterval })).toMatchObject({ kept: [STACK], nothingToChange: true });
  });

  it("writes no merge that would be broken YAML", async () => {
    using folder = await project();
    // The same new key, far from where the new version adds it.
    edit(folder, STACK, (text) => text.replace(/^networks:$/m, "  glitchtip-worker:\n    image: mine\n\nnetworks:"));
    declareSplit(folder);
    const result = await upgrade(folder);
    expect(result.refused).toEqual([STACK]);
    expect(result.files.find(({ path }) => path === STACK)?.broken).toMatch(/Map keys must be unique/);
    expect(() => parse(folder.read(`${STACK}.new`), { merge: true })).not.toThrow();
  });

  it("makes programs that nobody can read anew, and does not merge or show them", async () => {
    using folder = await project();
    const long = (version: string) => `// ${version} ${"x".repeat(3_000)}\n`;
    const assets = (version: string) => ({
      ...testAssets(version),
      texts: () => ({ ...testAssets().texts(), provisioner: long(version) }),
    });
    const run = (version: string) => render({ dir: folder.path, log, env: {}, assets: assets(version) });
    await run("2.0.0");
    const { files, changed } = await run("3.0.0");
    expect(changed).toContain(".glitchtip/provisioner.mjs");
    expect((await differencesOf(files)).find(({ path }) => path.endsWith(".mjs"))).toEqual({
      path: ".glitchtip/provisioner.mjs",
      state: "changed",
    });
    edit(folder, ".glitchtip/provisioner.mjs", (text) => `${text}// mine\n`);
    expect((await run("4.0.0")).refused).toEqual([".glitchtip/provisioner.mjs"]);
  });
});

describe("an edited file", () => {
  it("stays as it is, with a word, while ours has not changed", async () => {
    using folder = await project();
    edit(folder, STACK, (text) => `${text}# mine\n`);
    expect(await upgrade(folder)).toMatchObject({ kept: [STACK], nothingToChange: true });
    expect(warnings).toEqual([`${STACK} was edited by hand; it stays as it is`]);
  });

  it("from a version that remembered no texts is not merged: ours is put beside it", async () => {
    using folder = await project();
    folder.remove(".glitchtip/base");
    edit(folder, STACK, (text) => `${text}# mine\n`);
    expect((await upgrade(folder, { templates: newInterval })).refused).toEqual([STACK]);
    expect(folder.read(`${STACK}.new`)).toContain("start_interval: 2s");
  });

  it("is not merged from a text that somebody else put in the place of ours", async () => {
    using folder = await project();
    edit(folder, BASE, (text) => `${text}# not ours\n`);
    edit(folder, STACK, (text) => `${text}# mine\n`);
    expect((await upgrade(folder, { templates: newInterval })).refused).toEqual([STACK]);
  });

  it("is not what Git or an editor makes of line ends", async () => {
    using folder = await project();
    const text = folder.read(STACK);
    edit(folder, STACK, (lf) => lf.replaceAll("\n", "\r\n"));
    expect((await upgrade(folder)).changed).toEqual([STACK]);
    expect(folder.read(STACK)).toBe(text);
  });

  it("is not what an interrupted run leaves of its own", async () => {
    using folder = await project();
    const old = folder.read(STACK);
    await upgrade(folder, { templates: newInterval });
    // The manifest was written, the file and its base were not; then the templates change once more.
    folder.write(STACK, old);
    folder.write(BASE, old);
    expect((await upgrade(folder)).refused).toEqual([]);
  });

  it("is not what a power cut leaves: an empty one is written again", async () => {
    using folder = await project();
    const text = folder.read(STACK);
    folder.write(STACK, "");
    expect((await upgrade(folder)).created).toEqual([STACK]);
    expect(folder.read(STACK)).toBe(text);
  });
});

describe("a file that is no longer needed", () => {
  const PROGRAM = ".glitchtip/provisioner.mjs";
  const withImage = (folder: TemporaryFolder) =>
    edit(folder, "glitchtip.yaml", (text) => `${text}\nprovisioner: image:example/provisioner\n`);

  it("goes, with what was remembered of it", async () => {
    using folder = await project();
    withImage(folder);
    expect((await upgrade(folder)).removed).toEqual([PROGRAM]);
    expect(Object.keys(folder.files()).filter((path) => path.includes("provisioner.mjs"))).toEqual([]);
    expect(folder.read(".glitchtip/manifest.json")).not.toContain("provisioner.mjs");
    expect(await upgrade(folder)).toMatchObject({ nothingToChange: true, removed: [] });
  });

  it("goes with its folder", async () => {
    using folder = await project();
    edit(folder, "glitchtip.yaml", (text) => `${text}\nprovisioner: build\n`);
    await upgrade(folder);
    edit(folder, "glitchtip.yaml", (text) => text.replace("provisioner: build", ""));
    expect((await upgrade(folder)).removed).toEqual([
      ".glitchtip/provisioner/provisioner.mjs",
      ".glitchtip/provisioner/Dockerfile",
    ]);
    expect(() => folder.mode(".glitchtip/provisioner")).toThrow("ENOENT");
  });

  it("stays where it was edited, and that is said", async () => {
    using folder = await project();
    edit(folder, PROGRAM, (text) => `${text}// mine\n`);
    withImage(folder);
    expect((await upgrade(folder)).kept).toEqual([PROGRAM]);
    expect(warnings).toEqual([
      `${PROGRAM} is no longer needed; it was edited by hand, so it stays until you remove it`,
    ]);
    expect(folder.read(PROGRAM)).toContain("// mine");
  });

  it("is never one outside of ours, whatever the manifest says", async () => {
    using folder = await project();
    folder.write("notes.txt", "x");
    const manifest = JSON.parse(folder.read(".glitchtip/manifest.json"));
    const entry = { ours: ["2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"] };
    for (const path of ["notes.txt", ".glitchtip/../notes.txt", ".glitchtip/secrets/secret_key"])
      manifest.files[path] = entry;
    folder.write(".glitchtip/manifest.json", JSON.stringify(manifest));
    expect((await upgrade(folder)).removed).toEqual([]);
    expect(folder.read("notes.txt")).toBe("x");
    expect(folder.read(".glitchtip/secrets/secret_key")).not.toBe("");
  });

  it("is an env file of an app that takes its DSN no longer from there", async () => {
    using folder = await project();
    folder.write(".glitchtip/env/worker.env", "SENTRY_DSN='http://key@host/1'\n", 0o600);
    expect((await upgrade(folder, { dryRun: true })).removed).toEqual([".glitchtip/env/worker.env"]);
    await upgrade(folder);
    expect(Object.keys(folder.files())).not.toContain(".glitchtip/env/worker.env");
  });
});

it("a dry run says all of it and writes nothing", async () => {
  using folder = await project();
  edit(folder, STACK, (text) => `${text}# mine\n`);
  edit(folder, GATE, () => "# edited\n");
  const before = [folder.files(), folder.modifiedMs()];
  const { files } = await upgrade(folder, { version: "2.0.0", templates: newInterval, dryRun: true });
  expect(Object.fromEntries(files.map(({ path, state }) => [path, state]))).toMatchObject({
    [STACK]: "merged",
    [GATE]: "conflict",
    ".glitchtip/provisioner.mjs": "changed",
    ".glitchtip/with-dsn": "same",
    ".env": "same",
  });
  expect([folder.files(), folder.modifiedMs()]).toEqual(before);
});

it("shows of .env only the lines that are ours", async () => {
  using folder = await project();
  folder.write(".env", "SECRET=hunter2\nCOMPOSE_FILE=compose.yaml\nTOKEN=swordfish");
  const { files } = await upgrade(folder, { dryRun: true });
  const { diff = "" } = (await differencesOf(files)).find(({ path }) => path === ".env") ?? {};
  expect(diff).toContain("+COMPOSE_FILE=compose.yaml:compose.glitchtip.yaml");
  expect(diff).not.toMatch(/hunter2|swordfish/);
});

it("without a project says how to get one", async () => {
  using folder = new TemporaryFolder();
  const error = await upgrade(folder).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CodedError);
  expect(error).toMatchObject({ code: "GC1108" });
});
