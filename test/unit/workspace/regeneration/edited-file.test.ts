import { describe, expect, it } from "vitest";
import { BASE_TEXTS, useFormerBase } from "../../../support/workspace.ts";
import { edit, newInterval, project, STACK, upgrade, warnings, writeBase } from "./upgraded.ts";

describe("an edited file", () => {
  it("stays as it is, with a warning, while our text has not changed", async () => {
    using folder = await project();
    edit(folder, STACK, (text) => `${text}# mine\n`);
    expect(await upgrade(folder)).toMatchObject({ kept: [STACK], nothingToChange: true });
    expect(warnings).toEqual([`${STACK} was edited by hand; it stays as it is`]);
  });

  it("is not merged where an old version kept no base text: our text is put beside it", async () => {
    using folder = await project();
    folder.remove(BASE_TEXTS);
    edit(folder, STACK, (text) => `${text}# mine\n`);
    expect((await upgrade(folder, { templates: newInterval })).refused).toEqual([STACK]);
    expect(folder.read(`${STACK}.new`)).toContain("start_interval: 2s");
  });

  it("is not merged from a base text that somebody replaced", async () => {
    using folder = await project();
    writeBase(folder, `${folder.read(STACK)}# not ours\n`);
    edit(folder, STACK, (text) => `${text}# mine\n`);
    expect((await upgrade(folder, { templates: newInterval })).refused).toEqual([STACK]);
  });

  it("is merged from the texts that an earlier version kept as files, which are then gone", async () => {
    using folder = await project();
    useFormerBase(folder);
    folder.write(".glitchtip/base/provisioner/Dockerfile", "FROM node\n");
    edit(folder, STACK, (text) => `${text}# mine\n`);
    expect(await upgrade(folder, { templates: newInterval })).toMatchObject({ merged: [STACK], refused: [] });
    expect(folder.read(STACK)).toMatch(/start_interval: 2s[\s\S]*# mine\n$/);
    expect(Object.keys(folder.files()).filter((path) => path.startsWith(".glitchtip/base/"))).toEqual([]);
    expect(() => folder.mode(".glitchtip/base")).toThrow("ENOENT");
    expect(await upgrade(folder)).toMatchObject({ merged: [STACK] });
    expect(folder.read(STACK)).toMatch(/start_interval: 1s[\s\S]*# mine\n$/);
  });

  it("is not merged from a damaged file, as a merge of branches may leave it, and nothing is lost", async () => {
    using folder = await project();
    folder.write(BASE_TEXTS, "<<<<<<< HEAD");
    edit(folder, STACK, (text) => `${text}# mine\n`);
    expect((await upgrade(folder, { templates: newInterval })).refused).toEqual([STACK]);
    expect(folder.read(STACK)).toMatch(/start_interval: 1s[\s\S]*# mine\n$/);
  });

  it("does not count as edited when only Git or an editor changed its line ends", async () => {
    using folder = await project();
    const text = folder.read(STACK);
    edit(folder, STACK, (lf) => lf.replaceAll("\n", "\r\n"));
    expect((await upgrade(folder)).changed).toEqual([STACK]);
    expect(folder.read(STACK)).toBe(text);
  });

  it("does not count as edited after an interrupted run", async () => {
    using folder = await project();
    const old = folder.read(STACK);
    await upgrade(folder, { templates: newInterval });
    // The manifest was written, the file and its base were not; then the templates change once more.
    folder.write(STACK, old);
    writeBase(folder, old);
    expect((await upgrade(folder)).refused).toEqual([]);
  });

  it("does not count as edited when a power cut left it empty: it is written again", async () => {
    using folder = await project();
    const text = folder.read(STACK);
    folder.write(STACK, "");
    expect((await upgrade(folder)).created).toEqual([STACK]);
    expect(folder.read(STACK)).toBe(text);
  });
});
