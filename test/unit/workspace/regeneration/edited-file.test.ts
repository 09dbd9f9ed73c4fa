import { describe, expect, it } from "vitest";
import { BASE, edit, newInterval, project, STACK, upgrade, warnings } from "./upgraded.ts";

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
