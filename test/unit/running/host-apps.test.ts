import { statSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { renderEnvFile } from "../../../src/outputs/env-file.ts";
import { dotenvDsn, dotenvEdits, writeDotenvFiles } from "../../../src/running/index.ts";
import { declare } from "../../support/provisioning.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

const DSN = "http://key@127.0.0.1:8000/1";
const ENV_FILES = { dev: renderEnvFile({ SENTRY_DSN: DSN }) };
const declaredWith = (dotenv: string, more: object = {}) =>
  declare({ apps: { dev: { project: "shop-api", host: true, dotenv, ...more } } });

describe("the dotenv file of a program on this machine", () => {
  const write = (folder: TemporaryFolder, declaration: ReturnType<typeof declare>, envFiles = {}) =>
    writeDotenvFiles(folder.path, declaration, dotenvEdits(folder.path, declaration, envFiles));

  it("gets the DSN and what SDKs read, with its mode and its own lines kept", () => {
    using folder = new TemporaryFolder();
    folder.write(".env.local", "PORT=3000", 0o600);
    const declaration = declaredWith(".env.local", { environment: "dev", sampleRate: 0.5 });
    expect(write(folder, declaration, ENV_FILES)).toEqual([".env.local"]);
    expect(folder.read(".env.local")).toContain(
      `SENTRY_DSN='${DSN}'\nSENTRY_ENVIRONMENT='dev'\nSENTRY_TRACES_SAMPLE_RATE='0.5'\n`,
    );
    expect(statSync(join(folder.path, ".env.local")).mode & 0o777).toBe(0o600);
    expect(write(folder, declaration, ENV_FILES)).toEqual([]);
    expect(dotenvDsn(folder.path, declaration, "dev", "SENTRY_DSN").reveal()).toBe(DSN);
  });

  it("keeps its lines while there is no new DSN, and loses them with the app or with another file", () => {
    using folder = new TemporaryFolder();
    folder.write(".env.local", "PORT=3000");
    write(folder, declaredWith(".env.local"), ENV_FILES);
    expect(write(folder, declaredWith(".env.local"))).toEqual([]);
    expect(write(folder, declaredWith("web/.env"), ENV_FILES)).toEqual([".env.local", "web/.env"]);
    expect(folder.read(".env.local")).toBe("PORT=3000");
    expect(write(folder, declare())).toEqual(["web/.env"]);
    expect(Object.keys(folder.files())).toEqual([".env.local", ".glitchtip/state/dotenv-files.json"]);
  });

  it("is never one outside of the workspace, whatever the record says", () => {
    using folder = new TemporaryFolder();
    using outside = new TemporaryFolder();
    write(outside, declaredWith(".env"), ENV_FILES);
    const path = relative(folder.path, join(outside.path, ".env"));
    folder.write(".glitchtip/state/dotenv-files.json", JSON.stringify({ dev: path }));
    expect(dotenvEdits(folder.path, declare())).toEqual([]);
    expect(outside.read(".env")).toContain(DSN);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ["compose.yaml", { "compose.yaml": "services: {}\n" }],
    ["glitchtip.yaml", { "glitchtip.yaml": "apps: {}\n" }],
    [".glitchtip/state/dev.env", {}],
    ["stack/shop.yml", { "stack/shop.yml": "services:\n  api:\n    environment:\n      - A=b\n" }],
    ["package.json", { "package.json": '{\n  "name": "shop"\n}\n' }],
  ])("is not written where %s is a file of another kind", async (path, files) => {
    using folder = new TemporaryFolder();
    for (const [name, text] of Object.entries(files)) folder.write(name, text);
    const written = (async () => write(folder, declaredWith(path), ENV_FILES))();
    expect(await refusal(written)).toMatchObject({ code: "GC1501", problems: [expect.stringContaining(path)] });
    expect(folder.files()).toEqual(files);
  });

  it("is not written through a link to a Compose file", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", "services: {}\n");
    symlinkSync("compose.yaml", join(folder.path, ".env.local"));
    const written = (async () => write(folder, declaredWith(".env.local"), ENV_FILES))();
    expect(await refusal(written)).toMatchObject({ code: "GC1501" });
    expect(folder.read("compose.yaml")).toBe("services: {}\n");
  });

  it("is told from one without the DSN", async () => {
    using folder = new TemporaryFolder();
    const asked = (async () => dotenvDsn(folder.path, declaredWith(".env.local"), "dev", "SENTRY_DSN"))();
    expect(await refusal(asked)).toMatchObject({ code: "GC1605", remedy: "npx glitchtip-compose up" });
  });
});
