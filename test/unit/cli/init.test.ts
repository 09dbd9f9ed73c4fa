import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import init from "../../../src/cli/commands/init.ts";
import type { CliContext } from "../../../src/cli/context.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

describe("the folder of init", () => {
  const chosen = (dir: string, flags: object) => {
    const said: string[] = [];
    const log = { info: (text: string) => void said.push(text), step() {}, debug() {}, warn() {} };
    const folder = init.folder({ dir, log } as unknown as CliContext, { preflight: true, ...flags });
    return { folder, said };
  };

  it.each([[{}], [{ apps: false }], [{ sample: true }]])("is the nearest above with a Compose file, by %j", (flags) => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", "services: {}\n");
    const below = join(folder.path, "packages/web");
    mkdirSync(below, { recursive: true });
    expect(chosen(below, flags)).toEqual({
      folder: folder.path,
      said: [expect.stringMatching(`init uses the one in ${folder.path} .*-C`)],
    });
    expect(chosen(below, { ...flags, directory: "." })).toEqual({ folder: below, said: [] });
    expect(chosen(folder.path, flags)).toEqual({ folder: folder.path, said: [] });
  });
});
