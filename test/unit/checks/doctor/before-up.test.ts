import { describe, expect, it } from "vitest";
import type { CodedError } from "../../../../src/base/errors.ts";
import { refuseUnstartable } from "../../../../src/checks/doctor/before-up.ts";
import { statedPorts } from "../../../../src/checks/doctor/port-checks.ts";
import type { PublishedPort } from "../../../../src/docker/index.ts";
import { readWorkspace } from "../../../../src/workspace/workspace.ts";
import { container, fakeDocker } from "../../../support/fake-docker.ts";
import { TemporaryFolder } from "../../../support/workspace.ts";

const DECLARED = `version: 1
admin: {email: admin@example.com}
organization: Acme
projects: {shop: {}}
apps: {api: {project: shop}}
`;
const OURS = `services:\n  glitchtip:\n    ports: ["127.0.0.1:\${GLITCHTIP_PORT:-8000}:8000"]\n    volumes: ["./.glitchtip/gate.py:/gate.py:ro"]\n`;
const THEIRS = "services:\n  api:\n    image: shop\n    ports:\n      - 3000:3000\n";

interface Given {
  readonly inUse?: readonly number[];
  readonly published?: readonly PublishedPort[];
  readonly running?: boolean;
  readonly apiVersion?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly seesPath?: boolean;
  readonly declared?: string;
  readonly networks?: readonly string[];
  /** The user's Compose file. */
  readonly theirs?: string;
}

async function starting(given: Given) {
  const {
    inUse = [],
    published = [],
    running = false,
    apiVersion = "1.51",
    env = {},
    volumes = [],
    seesPath = true,
    declared = DECLARED,
    networks = [],
    theirs = THEIRS,
  } = given;
  using folder = new TemporaryFolder();
  folder.write("glitchtip.yaml", declared);
  folder.write("compose.yaml", theirs);
  folder.write("compose.glitchtip.yaml", OURS);
  folder.write(".env", "COMPOSE_PROJECT_NAME=shop\nCOMPOSE_FILE=compose.yaml:compose.glitchtip.yaml\n");
  const asked: string[] = [];
  const warnings: string[] = [];
  const docker = fakeDocker({
    containers: running ? [container("glitchtip")] : [],
    engine: {
      version: async () => ({ product: "Docker Engine", version: "24.0.9", apiVersion }),
      hasVolume: async (name) => volumes.includes(name),
      seesPath: async () => seesPath,
      hasNetwork: async (name) => networks.includes(name),
      async publishedPorts() {
        asked.push("published ports");
        return [...published];
      },
    },
  });
  const machine = { portIsFree: async (port: number) => !inUse.includes(port) };
  const log = { warn: (text: string) => void warnings.push(text) };
  const error = await refuseUnstartable({ docker, machine, env, log }, readWorkspace(folder.path, env)).then(
    () => undefined,
    (reason: CodedError) => reason.toJSON(),
  );
  return { error, warnings, asked };
}

const of = (project: string, port: number): PublishedPort => ({
  port,
  hostIp: "127.0.0.1",
  protocol: "tcp",
  container: `${project}-glitchtip-1`,
  project,
});

describe("the checks before up", () => {
  it("do not ask the engine for ports when all are free", async () => {
    expect(await starting({})).toEqual({ error: undefined, warnings: [], asked: [] });
  });

  it("accept a port that the project's own containers use", async () => {
    const found = await starting({ inUse: [8000], published: [of("shop", 8000)], running: true });
    expect(found).toMatchObject({ error: undefined, warnings: [] });
  });

  it("refuse a port that a process or another project's container uses, with doctor's message", async () => {
    const { error } = await starting({ inUse: [8000] });
    expect(error).toEqual({
      code: "GC1603",
      message: "127.0.0.1:8000, wanted by glitchtip, is taken by a process that is no container; nothing was started",
      remedy: "Set GLITCHTIP_PORT in .env to a free one, or find the process: ss -ltnp 'sport = :8000'",
    });
    const theirs = await starting({ inUse: [9001], published: [of("other", 9001)], env: { GLITCHTIP_PORT: "9001" } });
    expect(theirs.error).toMatchObject({
      message: expect.stringContaining("127.0.0.1:9001, wanted by glitchtip, is taken by container other-glitchtip-1"),
      remedy: expect.stringContaining("docker stop other-glitchtip-1"),
    });
  });

  it.each([
    ["the short form", `"127.0.0.1:\${APP_PORT:-3000}:3000"`],
    ["the short form with an address by a variable", `"\${BIND:-127.0.0.1}:\${APP_PORT:-3000}:3000"`],
    ["the long form", `{target: 3000, published: "\${APP_PORT:-3000}", host_ip: 127.0.0.1}`],
  ])("name the variable that a taken port comes from, and a free port: %s", async (_, port) => {
    const theirs = `services:\n  api:\n    image: shop\n    ports: [${port}]\n`;
    const { error } = await starting({ theirs, inUse: [3000, 3001] });
    expect(error).toEqual({
      code: "GC1603",
      message: "127.0.0.1:3000, wanted by api, is taken by a process that is no container; nothing was started",
      remedy: "Set APP_PORT in .env to a free one (APP_PORT=3002), or find the process: ss -ltnp 'sport = :3000'",
    });
  });

  it("name no variable where it is another part of the mapping", async () => {
    const theirs = `services:\n  api:\n    image: shop\n    ports: ["3000:\${INNER:-3000}"]\n`;
    const { error } = await starting({ theirs, inUse: [3000] });
    expect(error?.remedy).toMatch(/^Publish api on another port/);
  });

  it("refuse a first start without the network of the user's proxy, and only warn where apps may have a DSN", async () => {
    const declared = `${DECLARED}production: { domain: errors.example.com, proxy: traefik, network: edge }\n`;
    const { error } = await starting({ declared });
    expect(error).toMatchObject({
      code: "GC1604",
      message: "the network edge (production.network) does not exist; nothing was started",
      remedy: expect.stringContaining("docker network create edge"),
    });
    const later = await starting({ declared, running: true });
    expect([later.error, later.warnings]).toEqual([undefined, [expect.stringContaining("network edge")]]);
    expect(await starting({ declared, networks: ["edge"] })).toMatchObject({ error: undefined, warnings: [] });
  });

  it("look for no network of the proxy that the user's Compose file makes itself", async () => {
    const declared = `${DECLARED}production: { domain: errors.example.com, proxy: traefik, network: edge }\n`;
    expect(await starting({ declared, theirs: `${THEIRS}networks: { edge: }\n` })).toMatchObject({ error: undefined });
    const { error } = await starting({
      declared,
      theirs: `${THEIRS}networks: { edge: { external: true, name: out } }\n`,
    });
    expect(error?.message).toBe("the network out (production.network) does not exist; nothing was started");
  });

  it("report all taken ports at once, the apps' included", async () => {
    const { error } = await starting({ inUse: [3000, 8000] });
    expect(error).toMatchObject({
      code: "GC1603",
      message: "ports are taken; nothing was started",
      problems: [expect.stringMatching(/^0\.0\.0\.0:3000, wanted by api/), expect.stringMatching(/^127\.0\.0\.1:8000/)],
    });
  });

  it("only warn where the project runs already, so that apps can be updated", async () => {
    const { error, warnings } = await starting({ inUse: [8000], running: true });
    expect([error, warnings]).toEqual([undefined, [expect.stringContaining("8000, wanted by glitchtip, is taken")]]);
  });

  it("only warn after a down, because apps have a DSN that they can start with", async () => {
    const { error, warnings } = await starting({ inUse: [8000], volumes: ["shop_glitchtip-dsn"] });
    expect([error, warnings]).toEqual([undefined, [expect.stringContaining("8000, wanted by glitchtip, is taken")]]);
  });

  it("refuse two services that want the same port, and name both", async () => {
    const { error } = await starting({ env: { GLITCHTIP_PORT: "3000" } });
    expect(error).toEqual({
      code: "GC1603",
      message: "0.0.0.0:3000 is wanted by api and by glitchtip: only one of them can start; nothing was started",
      remedy: "Set GLITCHTIP_PORT in .env to a free one",
    });
  });

  it("refuse an engine that does not see the folder", async () => {
    const { error } = await starting({ seesPath: false });
    expect(error).toMatchObject({
      code: "GC1602",
      message: expect.stringMatching(/does not see the folder .*; nothing was started$/),
    });
  });

  it("refuse an engine that lacks a needed feature", async () => {
    expect((await starting({ apiVersion: "1.43" })).error).toMatchObject({
      code: "GC1602",
      message: expect.stringMatching(/24\.0\.9 .* lacks healthcheck\.start_interval .*nothing was started/),
      remedy: "Install Docker Engine 25 or newer.",
    });
  });
});

describe("ports of a Compose file", () => {
  it("are read in every form", () => {
    const text = `services:
  a: {ports: ["80", "81:80", "127.0.0.1:82:80/udp", "[::1]:83:80", "84-86:80-82", "$P:80", 90]}
  b: {ports: [{target: 80, published: "87", host_ip: 127.0.0.1, protocol: udp}, {target: 80}, {target: 80, published: 88}]}
  c: {image: x}
  d: {profiles: [debug], ports: ["89:80"]}
`;
    expect(statedPorts("compose.yaml", text, { P: "99" })).toEqual({
      a: {
        ports: [
          { target: 80, published: "81" },
          { target: 80, published: "82", host_ip: "127.0.0.1", protocol: "udp" },
          { target: 80, published: "83", host_ip: "::1" },
          { target: 80, published: "84-86" },
          { target: 80, published: "99", variable: "P" },
        ],
      },
      b: {
        ports: [
          { target: 80, published: "87", host_ip: "127.0.0.1", protocol: "udp" },
          { target: 80, published: "88" },
        ],
      },
    });
  });
});
