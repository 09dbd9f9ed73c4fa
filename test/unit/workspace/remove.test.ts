import { describe, expect, it } from "vitest";
import { initWorkspace } from "../../../src/init/init.ts";
import { renderEnvFile } from "../../../src/outputs/env-file.ts";
import { dotenvEdits, writeDotenvFiles } from "../../../src/running/index.ts";
import { addApp, removeApp } from "../../../src/workspace/apps.ts";
import { planUninstall } from "../../../src/workspace/uninstall.ts";
import { readWorkspace } from "../../../src/workspace/workspace.ts";
import { refusal } from "../../support/refusal.ts";
import { COMPOSE, project, START } from "./add/shop.ts";

describe("remove", () => {
  it("removes a service from the declaration and the managed files, and leaves its project declared", async () => {
    using setup = await project();
    const before = setup.folder.read("compose.override.yaml");
    await addApp(setup.context(), "worker", { project: "jobs", ...START });
    await removeApp(setup.context(), "worker");
    expect(setup.folder.read("compose.override.yaml")).toBe(before);
    expect(setup.folder.read("glitchtip.yaml")).toContain("  jobs: { team: developers }\n");
  });

  it("says what becomes of the volume with the DSN", async () => {
    using setup = await project();
    await removeApp(setup.context(), "api");
    expect(setup.infos).toContain("the volume with the DSN of api is removed by the next: npx glitchtip-compose up");
  });

  it("removes the last app with a warning", async () => {
    using setup = await project();
    expect((await removeApp(setup.context(), "api")).services).toEqual([]);
    expect(setup.folder.read("glitchtip.yaml")).toMatch(/\napps: \{ *\}\n/);
    expect(setup.warnings).toEqual(["no service gets a DSN: `apps` is empty"]);
  });

  it("takes the lines of a program on this machine out of its dotenv file", async () => {
    using setup = await project();
    const options = { project: "shop", host: true, dotenv: ".env.local" };
    expect(await addApp(setup.context(), "dev", options)).toMatchObject({ next: "npx glitchtip-compose up" });
    setup.folder.write(".env.local", "PORT=3000\n");
    const { declaration } = readWorkspace(setup.folder.path);
    const envFiles = { dev: renderEnvFile({ SENTRY_DSN: "http://key@127.0.0.1:8000/1" }) };
    writeDotenvFiles(setup.folder.path, declaration, dotenvEdits(setup.folder.path, declaration, envFiles));
    expect(setup.folder.read(".env.local")).toContain("SENTRY_DSN=");

    const planned = await removeApp(setup.context(), "dev", { dryRun: true });
    expect(planned.changed).toContain(".env.local");
    expect(setup.folder.read(".env.local")).toContain("SENTRY_DSN=");
    expect(planUninstall(setup.folder.path).changed).toContainEqual({
      path: ".env.local",
      before: setup.folder.read(".env.local"),
      after: "PORT=3000\n",
    });
    await removeApp(setup.context(), "dev");
    expect(setup.folder.read(".env.local")).toBe("PORT=3000\n");
  });

  it("removes an app whose service the Compose file no longer has", async () => {
    using setup = await project();
    await addApp(setup.context(), "worker", { project: "shop", ...START });
    setup.folder.write("compose.yaml", COMPOSE.replace(/ {2}worker.*\n/, ""));
    expect((await refusal(initWorkspace(setup.context()))).code).toBe("GC1104");
    await removeApp(setup.context(), "worker");
    expect(await initWorkspace(setup.context())).toMatchObject({ nothingToChange: true });
  });

  it("refuses an app that the declaration does not have", async () => {
    using setup = await project();
    const error = await refusal(removeApp(setup.context(), "apii"));
    expect([error.code, error.message, error.remedy]).toEqual([
      "GC1104",
      'glitchtip.yaml has no app "apii"; did you mean "api"?',
      "It has api.",
    ]);
  });
});
