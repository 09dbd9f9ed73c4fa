import { describe, expect, it } from "vitest";
import { outputFiles } from "../../../src/provision/local/output-files.ts";
import { declare } from "../../support/provisioning.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

describe("the file of provision --dotenv", () => {
  const wanted = (dir: string, dotenv: string) =>
    outputFiles(dir, declare(), { api: "export SENTRY_DSN='http://key@127.0.0.1:8000/1'\n" }, { dotenv, apps: [] });

  it.each(["", "# mine\n", "PORT=3000\n"])("replaces a dotenv file: %j", (text) => {
    using folder = new TemporaryFolder();
    folder.write(".env.local", text);
    expect(wanted(folder.path, ".env.local").map(({ shown }) => shown)).toEqual([".env.local"]);
  });

  it.each([
    ["compose.yaml", "services: {}\n"],
    ["glitchtip.yaml", "version: 1\n"],
    ["package.json", '{"name": "shop"}\n'],
  ])("does not overwrite %s", async (path, text) => {
    using folder = new TemporaryFolder();
    folder.write(path, text);
    expect(await refusal((async () => wanted(folder.path, path))())).toMatchObject({
      code: "GC1001",
      problems: [expect.stringContaining(path)],
    });
  });
});
