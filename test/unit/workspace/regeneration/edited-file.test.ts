import { describe, expect, it } from "vitest";
import { BASE, edit, newInterval, project, STACK, upgrade, warnings } from "./upgraded.ts";

describe("an edited file", () => {
  it("stays as it is, with a warning, while our text has not changed", async () => {
    using folder = await project();
    edit(folder, STACK, (text) => `${text}# mine\n`);
    expect(await upgrade(folder)).toMatchObject({ kept: [STACK], nothingToChange: true });
    expect(warnings).toEqual([`${STACK} was edited by hand; it stays as it is`]);
  });

  it("is not merged where an old version kept no base text: our text is put beside it", async () => {
    using folder = await project();
    folder.remove(".glitchtip/base");
    edit(folder, STACK, (text) => `${text}# mine\n`);
    expect((await upgrade(folder, { templates: newInterval })).refused).toEqual([STACK]);
    expect(folder.read(`${STACK}.new`)).toContain("start_interval: 2s");
  });

  it("is not merged from a base text that somebody replaced", async () => {
    using folder = await project();
    edit(folder, BASE, (text) => `${text}# not ours\n`);
    edit(folder, STACK, (text) => `${text}# mine\n`);
    expect((await upgrade(folder, { templates: newInterval })).refused).toEqual([STACK]);
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
    folder.write(BASE, old);
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
