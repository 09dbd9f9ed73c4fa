import { describe, expect, it } from "vitest";
import { loadDeclaration } from "../../../src/config/load.ts";
import { initWorkspace } from "../../../src/init/init.ts";
import { PODMAN_DIFFERENCES } from "../../../src/stack/podman.ts";
import { composeOf, declarationWith, renderedStack } from "../../support/stack.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

const COMPOSE = "services: { api: { image: shop/api, entrypoint: [node], command: [a.js] } }\n";
const LAYOUTS = {
  "GlitchTip 6": "",
  "GlitchTip 4.1 with Valkey": 'server: { image: "glitchtip/glitchtip:v4.1.2" }',
  "a single container": "server: { topology: single-container }",
  production: "production: { domain: errors.example.com }",
  "backups and care": "backup: { schedule: '0 3 * * *' }\ncare: {}",
};

const log = { info() {}, step() {}, debug() {}, warn() {} };
const rendered = (lines: string) =>
  composeOf(renderedStack(declarationWith(`${lines}\napps: { api: { project: shop } }`), COMPOSE)).services;

describe.each(Object.entries(LAYOUTS))("the stack for Podman: %s", (_, lines) => {
  it("uses nothing that its API lacks, and is else the same", () => {
    const [docker, podman] = [rendered(lines), rendered(`${lines}\nengine: podman`)];
    expect(JSON.stringify(docker)).toMatch(/"start_interval"/);
    expect(JSON.stringify(podman)).not.toMatch(/"start_interval"|[ug]id=/);
    expect(Object.keys(podman)).toEqual(Object.keys(docker));
    const without = ({ healthcheck: _, tmpfs: __, environment: ___, labels: ____, ...rest }: Record<string, unknown>) =>
      rest;
    // The first container that mounts a volume gives it its owner, and that has to be Postgres.
    const volumesOf = (service: object | undefined) => (service as { volumes?: unknown[] } | undefined)?.volumes;
    const isLook = (volume: unknown) => JSON.stringify(volume).includes("/run/glitchtip-database");
    expect(volumesOf(docker["glitchtip-setup"])?.filter(isLook)).toHaveLength(1);
    for (const [name, service] of Object.entries(docker)) {
      const volumes = volumesOf(service)?.filter((volume) => !isLook(volume));
      expect(without(podman[name] ?? {})).toEqual(without({ ...service, ...(volumes && { volumes }) }));
    }
  });
});

it("a tmpfs of another user's is open to all of the container's users, its size kept", () => {
  expect(rendered("engine: podman")["glitchtip-db"]?.tmpfs).toEqual(["/tmp", "/var/run/postgresql:mode=1777"]);
  expect(PODMAN_DIFFERENCES).toContain("start_interval");
});

describe("init", () => {
  const made = async (engineName: "docker" | "podman" | undefined, options: { engine?: "docker" | "podman" } = {}) => {
    using folder = new TemporaryFolder();
    const context = { dir: folder.path, log, env: {}, assets: testAssets(), engineName: async () => engineName };
    await initWorkspace(context, options);
    expect(await initWorkspace(context, {})).toMatchObject({ nothingToChange: true });
    const { engine } = loadDeclaration(folder.read("glitchtip.yaml"), "glitchtip.yaml");
    return [engine, /start_interval/.test(folder.read("compose.yaml") + folder.read("compose.override.yaml"))];
  };

  it("states Podman where it answers, and renders the sample app for it, too; the option wins", async () => {
    expect(await made("podman")).toEqual(["podman", false]);
    expect(await made("podman", { engine: "docker" })).toEqual(["docker", true]);
    expect(await made("docker")).toEqual([undefined, true]);
    expect(await made(undefined)).toEqual([undefined, true]);
    expect(await made("docker", { engine: "podman" })).toEqual(["podman", false]);
  });
});
