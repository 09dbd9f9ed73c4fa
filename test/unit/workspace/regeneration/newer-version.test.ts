import { applyPatch } from "diff";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CodedError } from "../../../../src/base/errors.ts";
import { differencesOf } from "../../../../src/workspace/plan.ts";
import { renderFiles } from "../../../../src/workspace/render.ts";
import { TemporaryFolder, testAssets } from "../../../support/workspace.ts";
import { base, declareSplit, edit, GATE, log, newInterval, project, STACK, upgrade, writeBase } from "./upgraded.ts";

describe("a newer version of the tool", () => {
  it("rewrites files that nobody edited, and shows the difference as a patch", async () => {
    using folder = await project();
    const before = folder.read(STACK);
    const result = await upgrade(folder, { version: "2.0.0", templates: newInterval });
    expect(result.changed).toEqual([STACK, GATE, ".glitchtip/provision.json", ".glitchtip/provisioner.mjs"]);
    const differences = await differencesOf(result.files);
    const { diff = "" } = differences.find(({ path }) => path === STACK) ?? {};
    expect(diff).toMatch(/^--- a\/compose\.override\.yaml\n\+\+\+ b\/compose\.override\.yaml\n@@/);
    expect(applyPatch(before, diff)).toBe(folder.read(STACK));
    expect(base(folder)).toBe(folder.read(STACK));
    expect(await upgrade(folder, { version: "2.0.0", templates: newInterval })).toMatchObject({
      nothingToChange: true,
    });
  });

  it("merges its changes into an edited file where the edits are in other lines", async () => {
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

  it("does not merge again what a killed run has merged and not noted", async () => {
    using folder = await project();
    const before = base(folder);
    edit(folder, STACK, (text) => `${text}# mine\n`);
    await upgrade(folder, { templates: newInterval });
    const merged = folder.read(STACK);
    writeBase(folder, before);
    expect(await upgrade(folder, { templates: newInterval })).toMatchObject({ kept: [STACK], refused: [] });
    expect([folder.read(STACK), base(folder)]).toEqual([merged, merged.replace("# mine\n", "")]);
  });

  it("puts its own text beside a file that was edited in the same lines, and names them", async () => {
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

  it("removes its .new file once the edited file has its changes", async () => {
    using folder = await project();
    edit(folder, STACK, (text) => text.replace("start_interval: 1s", "start_interval: 7s"));
    await upgrade(folder, { templates: newInterval });
    expect((await upgrade(folder, { templates: newInterval })).refused).toEqual([STACK]);
    edit(folder, STACK, (text) => text.replace("start_interval: 7s", "start_interval: 2s"));
    expect((await upgrade(folder, { templates: newInterval })).refused).toEqual([]);
    expect(Object.keys(folder.files())).not.toContain(`${STACK}.new`);
  });

  it("accepts the edited file as it is once its .new file is gone", async () => {
    using folder = await project();
    edit(folder, STACK, (text) => text.replace("start_interval: 1s", "start_interval: 7s"));
    await upgrade(folder, { templates: newInterval });
    folder.remove(`${STACK}.new`);
    expect(await upgrade(folder, { templates: newInterval })).toMatchObject({ kept: [STACK], refused: [] });
    expect(folder.read(STACK)).toContain("start_interval: 7s");
    expect(await upgrade(folder, { templates: newInterval })).toMatchObject({ kept: [STACK], nothingToChange: true });
  });

  it("writes no merge that would be invalid YAML", async () => {
    using folder = await project();
    // The same new key, far from where the new version adds it.
    edit(folder, STACK, (text) => text.replace(/^networks:$/m, "  glitchtip-worker:\n    image: mine\n\nnetworks:"));
    declareSplit(folder);
    const result = await upgrade(folder);
    expect(result.refused).toEqual([STACK]);
    expect(result.files.find(({ path }) => path === STACK)?.broken).toMatch(/Map keys must be unique/);
    expect(() => parse(folder.read(`${STACK}.new`), { merge: true })).not.toThrow();
  });

  it("replaces bundled programs, and neither merges nor shows them", async () => {
    using folder = await project();
    const long = (version: string) => `// ${version} ${"x".repeat(3_000)}\n`;
    const assets = (version: string) => ({
      ...testAssets(version),
      texts: () => ({ ...testAssets().texts(), provisioner: long(version) }),
    });
    const run = (version: string) => renderFiles({ dir: folder.path, log, env: {}, assets: assets(version) });
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

it("a dry run reports every change and writes nothing", async () => {
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
  });
  expect([folder.files(), folder.modifiedMs()]).toEqual(before);
});

it("the difference of .env shows only our lines", async () => {
  using folder = await project();
  folder.write(".env", "SECRET=hunter2\nCOMPOSE_FILE=compose.yaml\nTOKEN=swordfish");
  const { files } = await upgrade(folder, { dryRun: true });
  const { diff = "" } = (await differencesOf(files)).find(({ path }) => path === ".env") ?? {};
  expect(diff).toContain("+COMPOSE_FILE=compose.yaml:compose.override.yaml");
  expect(diff).not.toMatch(/hunter2|swordfish/);
});

it("without a declaration, render says how to make one", async () => {
  using folder = new TemporaryFolder();
  const error = await upgrade(folder).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CodedError);
  expect(error).toMatchObject({ code: "GC1108" });
});
