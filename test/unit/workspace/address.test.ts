import { describe, expect, it } from "vitest";
import { interpolate } from "../../../src/compose/interpolate.ts";
import { withoutComposeProject } from "../../../src/demo/folder.ts";
import { initWorkspace } from "../../../src/init/init.ts";
import { addressesOf } from "../../../src/stack/services.ts";
import { browserUrl, readWorkspace } from "../../../src/workspace/workspace.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

type Shell = Readonly<Record<string, string>>;

async function made(folder: TemporaryFolder, shell: Shell = {}, port?: number) {
  const warnings: string[] = [];
  const log = { info() {}, step() {}, debug() {}, warn: (text: string) => void warnings.push(text) };
  const context = { dir: folder.path, log, env: shell, assets: testAssets() };
  const { url } = await initWorkspace(context, port === undefined ? {} : { port });
  return { url, warnings };
}

describe("GlitchTip's address for browsers", () => {
  it.each<{ where: string; shell?: Shell; dotEnv?: string; port?: number; is: string }>([
    { where: "the usual port", is: "http://localhost:8000" },
    { where: "the declared one", port: 9001, is: "http://localhost:9001" },
    { where: ".env above that", port: 9001, dotEnv: "9002", is: "http://localhost:9002" },
    {
      where: "the shell above both",
      port: 9001,
      dotEnv: "9002",
      shell: { GLITCHTIP_PORT: "9003" },
      is: "http://localhost:9003",
    },
    { where: "the declared one where .env says nothing", port: 9001, dotEnv: "", is: "http://localhost:9001" },
    {
      where: "the declared one, as Compose has it, where the shell's is empty",
      port: 9001,
      dotEnv: "9002",
      shell: { GLITCHTIP_PORT: "" },
      is: "http://localhost:9001",
    },
  ])("uses $where for init, for status and in the DSNs for browsers", async ({ shell = {}, dotEnv, port, is }) => {
    using folder = new TemporaryFolder();
    if (dotEnv !== undefined) folder.write(".env", `GLITCHTIP_PORT=${dotEnv}\n`);
    expect((await made(folder, shell, port)).url).toBe(is);
    const project = readWorkspace(folder.path, shell);
    expect(browserUrl(project)).toBe(is);
    const addresses = addressesOf(project.declaration.server);
    const variables = { ...project.env, ...shell };
    expect(interpolate(addresses.public, variables)).toBe(is);
    expect(interpolate(addresses.host, variables)).toBe(is.replace("localhost", "127.0.0.1"));
  });

  it("warns that the shell's port wins over .env, which gets the declared one", async () => {
    using folder = new TemporaryFolder();
    const { warnings } = await made(folder, { GLITCHTIP_PORT: "9003" });
    expect(readWorkspace(folder.path).port).toBe(8000);
    expect(warnings).toEqual([
      "GLITCHTIP_PORT=9003 in your shell wins over 8000 in glitchtip.yaml, for as long as it is set",
    ]);
    expect((await made(folder)).warnings).toEqual([]);
  });

  it("refuses an invalid port in the shell, and writes nothing", async () => {
    using folder = new TemporaryFolder();
    await expect(made(folder, { GLITCHTIP_PORT: "http" })).rejects.toMatchObject({
      code: "GC1110",
      message: "GLITCHTIP_PORT in your shell is no port: http",
    });
    expect(folder.files()).toEqual({});
  });

  it("is the demo's own, whatever the shell has set for another Compose project", () => {
    const shell = { PATH: "/bin", GLITCHTIP_PORT: "9003", COMPOSE_PROJECT_NAME: "shop", COMPOSE_FILE: "shop.yaml" };
    expect(withoutComposeProject(shell)).toEqual({ PATH: "/bin" });
  });
});
