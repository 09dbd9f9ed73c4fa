import { describe, expect, it } from "vitest";
import { readUserCompose } from "../../../src/compose/read.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import { sampleProject } from "../../../src/workspace/assets.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";
import { run } from "./initiating.ts";

describe("init in an empty folder", () => {
  it("writes a declaration, a sample app and the stack, and no secret", async () => {
    using folder = new TemporaryFolder();
    const result = await run(folder, { organization: "Acme" });
    expect(Object.keys(folder.files())).toEqual([
      ".glitchtip/.gitattributes",
      ".glitchtip/.gitignore",
      ".glitchtip/base.json.gz",
      ".glitchtip/gate.py",
      ".glitchtip/manifest.json",
      ".glitchtip/provision.json",
      ".glitchtip/provisioner.mjs",
      ".glitchtip/state/glitchtip.schema.json",
      ".glitchtip/with-dsn",
      "app/server.mjs",
      "compose.override.yaml",
      "compose.yaml",
      "glitchtip.yaml",
    ]);
    expect(result).toMatchObject({
      nothingToChange: false,
      services: [{ service: "app", project: "app", variables: ["SENTRY_DSN"] }],
      url: "http://localhost:8000",
      admin: { email: "admin@example.com", passwordCommand: "npx glitchtip-compose password" },
      sampleUrl: "http://localhost:3000",
      next: "docker compose up -d --wait",
      afterwards: "npx glitchtip-compose verify",
    });
  });

  it("names the check for production last, and only there", async () => {
    using folder = new TemporaryFolder();
    expect(await run(folder, { sample: true })).not.toHaveProperty("lastly");
    using production = new TemporaryFolder();
    const lastly = "npx glitchtip-compose check --production";
    expect(await run(production, { sample: true, domain: "errors.example.com" })).toMatchObject({ lastly });
  });

  it("names the sample app's port as Compose reads it", async () => {
    using folder = new TemporaryFolder();
    folder.write(".env", "APP_PORT=4000\n");
    expect(await run(folder)).toMatchObject({ sampleUrl: "http://localhost:4000" });
  });

  it("writes the options into the declaration", async () => {
    using folder = new TemporaryFolder();
    await run(folder, {
      organization: 'A "quoted": name #1',
      email: "me@example.com",
      image: "glitchtip/glitchtip:5.2",
      port: 9000,
      registration: "open",
      provisioner: "build",
    });
    expect(loadDeclaration(folder.read("glitchtip.yaml"), "glitchtip.yaml")).toMatchObject({
      organization: 'A "quoted": name #1',
      admin: { email: "me@example.com" },
      server: { image: "glitchtip/glitchtip:5.2", port: 9000, registration: "open" },
      projects: { app: { team: "developers" } },
      apps: { app: { project: "app" } },
      provisioner: "build",
    });
    expect(folder.read("glitchtip.yaml")).toMatch(
      /^# \$schema: \.glitchtip\/state\/glitchtip\.schema\.json\n# The GlitchTip that you want/,
    );
  });

  it("has the same sample project in code as in the sample's Compose file", () => {
    const text = testAssets().sample("compose.yaml");
    const { app } = readUserCompose([{ path: "compose.yaml", text }]).services;
    expect({ app: { ...app, image: undefined } }).toEqual({
      app: { ...sampleProject(3000).services.app, image: undefined },
    });
  });

  it("writes nothing in a dry run", async () => {
    using folder = new TemporaryFolder();
    const result = await run(folder, { dryRun: true });
    expect(result.created).toContain("glitchtip.yaml");
    expect(folder.files()).toEqual({});
  });

  it("continues wherever it was interrupted", async () => {
    using whole = new TemporaryFolder();
    const sameInstance = { instance: "0123456789abcdef" };
    const { created } = await run(whole, { organization: "Acme" }, sameInstance);
    const files = whole.files();
    // What the run had written when it was killed after each file; the manifest stands before what it lists, and the
    // record of our lines in .env before .env.
    const order = [
      ".glitchtip/manifest.json",
      ...created.flatMap((path) => (path === ".env" ? [".glitchtip/state/env-lines.json", path] : [path])),
    ];
    for (let count = 0; count < order.length; count++) {
      using partly = new TemporaryFolder();
      for (const path of order.slice(0, count)) partly.write(path, files[path] ?? "");
      await run(partly, { organization: "Acme" }, sameInstance);
      const secrets = Object.keys(files).filter((path) => path.includes("secrets/"));
      for (const path of secrets) files[path] = partly.read(path);
      expect(partly.files()).toEqual(files);
    }
  });
});
