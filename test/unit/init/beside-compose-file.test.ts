import { describe, expect, it } from "vitest";
import { loadDeclaration } from "../../../src/config/load.ts";
import { readWorkspace } from "../../../src/workspace/workspace.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";
import { run, SERVICE } from "./initiating.ts";

describe("init beside a Compose file", () => {
  it.each(["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"])(
    "leaves %s alone",
    async (name) => {
      using folder = new TemporaryFolder();
      folder.write(name, SERVICE);
      await run(folder, { apps: { api: "shop-api" } });
      expect(folder.read(name)).toBe(SERVICE);
      expect(folder.read("compose.override.yaml")).toContain("\n  api:\n");
      expect(folder.files()).not.toHaveProperty(".env");
      expect(folder.files()).not.toHaveProperty("app/server.mjs");
      expect(loadDeclaration(folder.read("glitchtip.yaml"), "g")).toMatchObject({
        projects: { "shop-api": {} },
        apps: { api: { project: "shop-api" } },
      });
    },
  );

  it("lists the override file in COMPOSE_FILE, which Compose would otherwise no longer read", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", SERVICE);
    folder.write("compose.override.yaml", "services: {api: {read_only: true}}\n");
    await run(folder, { apps: { api: "shop" } });
    expect(folder.read(".env")).toContain("COMPOSE_FILE=compose.yaml:compose.override.yaml:compose.glitchtip.yaml\n");
    expect(folder.read("compose.glitchtip.yaml")).toContain("./.glitchtip/with-dsn:/glitchtip-with-dsn:ro");
  });

  it("adds to .env and changes nothing else in it", async () => {
    using folder = new TemporaryFolder();
    folder.write("a.yml", SERVICE);
    folder.write(".env", "# mine\nCOMPOSE_FILE=a.yml # two\nGLITCHTIP_PORT=9100\n");
    const result = await run(folder, { apps: { api: "shop" } });
    expect(folder.read(".env")).toBe(
      "# mine\nCOMPOSE_FILE=a.yml:compose.glitchtip.yaml # two\nGLITCHTIP_PORT=9100\n# Added by glitchtip-compose: how Compose finds its file, and ports.\nCOMPOSE_PATH_SEPARATOR=:\n",
    );
    expect(result.url).toBe("http://localhost:9100");
  });

  it("takes an entrypoint and a command that only the image states from the options", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", "services: {api: {image: x}}\n");
    expect((await refusal(run(folder, { apps: { api: "shop" } }))).code).toBe("GC1106");
    expect(folder.files()).toEqual({ "compose.yaml": "services: {api: {image: x}}\n" });
    await run(folder, { apps: { api: "shop" }, entrypoints: { api: ["tini", "--"] }, commands: { api: ["run"] } });
    expect(readWorkspace(folder.path).declaration.apps.api).toMatchObject({
      entrypoint: ["tini", "--"],
      command: ["run"],
    });
  });

  it("fails without apps, and says what to type", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", SERVICE);
    const error = await refusal(run(folder));
    expect([error.code, error.remedy]).toEqual([
      "GC1002",
      "Add --app api=PROJECT for each of them (services here: api), or --no-apps for none.",
    ]);
  });

  it("accepts a project whose name is YAML's merge key", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", `${SERVICE}  web:\n    image: w\n    entrypoint: [w]\n    command: [w]\n`);
    await run(folder, { apps: { api: "<<" } });
    expect(Object.keys(readWorkspace(folder.path).declaration.projects)).toEqual(["<<"]);
    await run(folder, { apps: { api: "<<" } });
  });

  it("warns where a Compose file after ours replaces the wrapper", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", SERVICE);
    await run(folder, { apps: { api: "shop" } });
    folder.write(".env", "COMPOSE_FILE=compose.yaml:compose.override.yaml:mine.yaml\n");
    const warningsWith = async (service: string) => {
      folder.write("mine.yaml", `services: {api: ${service}}\n`);
      const warnings: string[] = [];
      await run(folder, {}, { warnings });
      return warnings;
    };
    const lost = [
      expect.stringMatching(/^mine\.yaml stands after .* entrypoint for api: .* Put our Compose file last/),
    ];
    expect(await warningsWith("{entrypoint: [tini]}")).toEqual(lost);
    expect(await warningsWith("{entrypoint: !override [tini]}")).toEqual(lost);
    expect(await warningsWith("{entrypoint: [/glitchtip-with-dsn, api, --, tini]}")).toEqual([]);
    expect(await warningsWith("{environment: {A: b}}")).toEqual([]);
  });

  it("warns about a DSN that the service or its env file sets already", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", `${SERVICE}    env_file: [api.env, missing.env]\n`);
    folder.write("api.env", "SENTRY_DSN=http://old\n");
    const warnings: string[] = [];
    await run(folder, { apps: { api: "shop" } }, { warnings });
    expect(warnings).toEqual(["service api sets SENTRY_DSN itself; the DSN from GlitchTip wins over it"]);
  });
});
