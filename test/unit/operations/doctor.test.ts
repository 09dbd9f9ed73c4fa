import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { ComposeConfig, PublishedPort } from "../../../src/docker/index.ts";
import { doctor, type Finding, type Machine } from "../../../src/operations/doctor/index.ts";
import { eject } from "../../../src/operations/eject.ts";
import { init } from "../../../src/operations/init.ts";
import { type Assets, packageAssets } from "../../../src/operations/project/assets.ts";
import { readProject } from "../../../src/operations/project/read.ts";
import { answers, container, type FakeDockerOptions, fakeDocker } from "../../support/fake-docker.ts";

const GIB = 1024 ** 3;
const NOW_MS = 1_000_000_000_000;
const MEMORY = 512 * 1024 ** 2;
const CONFIG: ComposeConfig = {
  name: "shop",
  services: {
    api: { networks: { default: null, glitchtip: null }, ports: [{ target: 3000, published: "3000" }] },
    glitchtip: {
      networks: { glitchtip: null },
      ports: [{ target: 8000, published: "8000", host_ip: "127.0.0.1" }],
      mem_limit: String(MEMORY),
    },
    "glitchtip-db": { mem_limit: String(MEMORY) },
    "glitchtip-init": { mem_limit: String(MEMORY) },
  },
};

const ASSETS: Assets = {
  ...packageAssets(),
  texts: () => ({
    withDsn: "#!/bin/sh\n",
    gate: "#\n",
    provisioner: "//\n",
    backupDb: "#\n",
    backup: () => "//\n",
    care: () => "// care\n",
    supervise: () => "#\n",
    provisionerDockerfile: () => "",
    allInOne: () => ({ Dockerfile: "FROM glitchtip\n" }),
  }),
};

interface ProjectFolder extends Disposable {
  readonly dir: string;
}

/** A folder that `init` has been through, for one service. */
async function initiated(): Promise<ProjectFolder> {
  const dir = mkdtempSync(join(tmpdir(), "glitchtip-doctor-"));
  const compose = 'services:\n  api: {image: "node:24", entrypoint: [node], command: [server.js]}\n';
  writeFileSync(join(dir, "compose.yaml"), compose);
  await init({ dir, log: silentLog, assets: ASSETS }, { apps: { api: "shop" } });
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

interface Setup {
  readonly dir?: string;
  readonly docker?: FakeDockerOptions;
  readonly machine?: Partial<Machine>;
  readonly published?: readonly PublishedPort[];
  readonly info?: object;
}

/** A machine and an engine without fault, except for what a test states; what is not ok, and the checks that were. */
async function examine(setup: Setup = {}): Promise<{ all: Finding[]; bad: Finding[]; good: string[] }> {
  const info = { memoryBytes: 8 * GIB, nowMs: NOW_MS, rootDir: "/var/lib/docker", kernel: "6.1", ...setup.info };
  const published = [...(setup.published ?? [])];
  const all = await doctor({
    docker: fakeDocker({
      config: CONFIG,
      ...setup.docker,
      engine: { info: async () => info, publishedPorts: async () => published, ...setup.docker?.engine },
    }),
    machine: {
      kernel: "6.1",
      nowMs: () => NOW_MS,
      freeBytes: async () => 50 * GIB,
      portIsFree: async () => true,
      resolves: async () => true,
      ...setup.machine,
    },
    assets: ASSETS,
    env: {},
    project: () => readProject(setup.dir ?? "/nonexistent"),
  });
  return {
    all,
    bad: all.filter(({ level }) => level !== "ok"),
    good: all.filter(({ level }) => level === "ok").map(({ check }) => check),
  };
}

describe("doctor", () => {
  it("finds nothing wrong where nothing is", async () => {
    using folder = await initiated();
    const { bad, good } = await examine({ dir: folder.dir });
    expect(bad).toEqual([]);
    expect([...new Set(good)]).toEqual([
      "engine",
      "compose",
      "memory",
      "disk",
      "clock",
      "declaration",
      "files",
      "secrets",
      "port",
      "names",
      "containers",
    ]);
  });

  it("says everything at once, each with its fix", async () => {
    using folder = await initiated();
    const { bad } = await examine({
      dir: folder.dir,
      docker: { compose: { version: async () => "2.15.0" }, containers: [container("api", { health: "unhealthy" })] },
      info: { nowMs: NOW_MS - 60_000, memoryBytes: GIB },
    });
    expect(bad.map(({ check, level }) => `${check} ${level}`)).toEqual([
      "compose fail",
      "compose fail",
      "memory warn",
      "clock warn",
      "containers fail",
    ]);
    expect(bad.every(({ fix }) => fix !== undefined)).toBe(true);
  });

  it("names an app that runs without its DSN, and a rotation that nobody has ended", async () => {
    using folder = await initiated();
    const status = {
      apps: { api: { project: "shop" } },
      writtenAt: { api: new Date(600_000).toISOString() },
      rotating: ["shop"],
    };
    const { bad } = await examine({
      dir: folder.dir,
      docker: {
        containers: [container("api", { sinceMs: 500_000 }), container("glitchtip-provision", { state: "exited" })],
        files: { "id-glitchtip-provision:/run/glitchtip/status.json": JSON.stringify(status) },
      },
    });
    expect(bad).toEqual([
      expect.objectContaining({ check: "dsn", level: "warn", fix: "docker compose restart api" }),
      expect.objectContaining({ check: "rotation", what: expect.stringContaining("the key of shop") }),
    ]);
  });

  it("still looks at the files when no engine answers, and says where it looked", async () => {
    using folder = await initiated();
    const none = new CodedError("GC1601", "no Docker engine answers", { problems: ["DOCKER_HOST: not set"] });
    const { bad, good } = await examine({ dir: folder.dir, docker: { located: () => Promise.reject(none) } });
    expect(bad).toEqual([
      { check: "engine", level: "fail", what: "no Docker engine answers", details: ["DOCKER_HOST: not set"] },
    ]);
    expect(good).toEqual(expect.arrayContaining(["declaration", "files", "secrets", "port", "names"]));
  });

  it("still looks at the engine in a folder without a project", async () => {
    const { bad, good } = await examine();
    expect(bad).toMatchObject([{ check: "declaration", level: "fail", fix: expect.stringContaining("init") }]);
    expect(good).toEqual(["engine", "compose", "memory", "disk", "clock"]);
  });

  it("says a missing docker program once", async () => {
    using folder = await initiated();
    const missing = () => Promise.reject(new CodedError("GC1606", "the program `docker` was not found"));
    const { bad } = await examine({ dir: folder.dir, docker: { compose: { version: missing, config: missing } } });
    expect(bad.map(({ check }) => check)).toEqual(["compose"]);
  });

  it("does not hide a mistake of its own as a finding", async () => {
    const broken = () => Promise.reject(new TypeError("oops"));
    await expect(examine({ docker: { compose: { version: broken } } })).rejects.toThrow(TypeError);
  });
});

describe("the engine", () => {
  it("is too old by the feature it lacks, Podman's too", async () => {
    const version = async () => ({ product: "Podman Engine", version: "4.3.1", apiVersion: "1.41" });
    const { bad } = await examine({ docker: { engine: { version } } });
    expect(bad[0]?.what).toMatch(/^Podman Engine 4\.3\.1 at .* lacks healthcheck\.start_interval \(since 1\.44\)/);
  });

  it("has too little memory for the limits of what runs, one-shots not counted", async () => {
    using folder = await initiated();
    const limits = Object.fromEntries(
      ["glitchtip", "glitchtip-db", "glitchtip-init"].map((name) => [name, { mem_limit: 2 * GIB }]),
    );
    const docker = { config: { services: { ...CONFIG.services, ...limits } } };
    const { bad } = await examine({ dir: folder.dir, docker, info: { memoryBytes: 3 * GIB } });
    expect(bad.find(({ check }) => check === "memory")?.what).toBe(
      "the engine has 3.0 GiB of memory; GlitchTip's services may take up to 4.0 GiB",
    );
  });

  it("shows its free space from inside the database, which has the volume", async () => {
    using folder = await initiated();
    const { bad } = await examine({
      dir: folder.dir,
      docker: {
        containers: [container("glitchtip-db")],
        cli: async () =>
          answers({
            stdout: `Filesystem 1024-blocks Used Available\noverlay 9 8 ${GIB / 1024} 90% /var/lib/postgresql\n`,
          }),
      },
    });
    expect(bad).toMatchObject([{ check: "disk", level: "warn", what: expect.stringContaining("1.0 GiB free") }]);
  });

  it("shows no free space of this machine when it runs on another kernel", async () => {
    const { all } = await examine({ info: { kernel: "6.6-linuxkit" }, machine: { freeBytes: async () => 1 } });
    expect(all.find(({ check }) => check === "disk")).toMatchObject({
      level: "ok",
      what: expect.stringMatching(/not known/),
    });
  });
});

describe("a port", () => {
  const taken = (more: Partial<PublishedPort>): PublishedPort => ({
    port: 8000,
    hostIp: "0.0.0.0",
    protocol: "tcp",
    container: "other-web-1",
    ...more,
  });
  const ports = ({ all }: { all: Finding[] }) =>
    all.filter(({ check }) => check === "port").map(({ level, what }) => `${level} ${what}`);

  it("is taken by a container, which is named, with the setting that avoids it", async () => {
    using folder = await initiated();
    const { bad } = await examine({ dir: folder.dir, published: [taken({ project: "other" })] });
    expect(bad).toMatchObject([
      {
        what: "127.0.0.1:8000, wanted by glitchtip, is taken by container other-web-1",
        fix: "Set GLITCHTIP_PORT in .env to a free one, or stop it: docker stop other-web-1",
      },
    ]);
  });

  it("is taken by a process that no engine knows", async () => {
    using folder = await initiated();
    const found = await examine({ dir: folder.dir, machine: { portIsFree: async (port) => port !== 3000 } });
    expect(ports(found)).toEqual([
      "fail 0.0.0.0:3000, wanted by api, is taken by a process that is no container",
      "ok 127.0.0.1:8000 (glitchtip) is free",
    ]);
  });

  it("is fine when this project has it already", async () => {
    using folder = await initiated();
    const found = await examine({
      dir: folder.dir,
      published: [taken({ project: "shop", hostIp: "127.0.0.1" })],
      machine: { portIsFree: async (port) => port !== 8000 },
    });
    expect(ports(found)).toContain("ok 127.0.0.1:8000 is in use by this project's glitchtip");
  });

  it("is not in the way at another address or by another protocol", async () => {
    using folder = await initiated();
    const { bad } = await examine({
      dir: folder.dir,
      published: [taken({ hostIp: "192.168.1.5" }), taken({ protocol: "udp" })],
    });
    expect(bad).toEqual([]);
  });

  it("may be ours when no engine tells", async () => {
    using folder = await initiated();
    const found = await examine({
      dir: folder.dir,
      docker: { located: () => Promise.reject(new CodedError("GC1601", "none")) },
      machine: { portIsFree: async () => false },
    });
    expect(ports(found).every((line) => line.startsWith("warn "))).toBe(true);
  });

  it("of a range is looked at one by one", async () => {
    using folder = await initiated();
    const api = { ...CONFIG.services.api, ports: [{ target: 3000, published: "3000-3002" }] };
    const found = await examine({ dir: folder.dir, docker: { config: { services: { ...CONFIG.services, api } } } });
    expect(ports(found)).toHaveLength(4);
  });
});

describe("names", () => {
  it("mean nothing to an app in another network", async () => {
    using folder = await initiated();
    const api = { networks: { default: null } };
    const { bad } = await examine({
      dir: folder.dir,
      docker: { config: { services: { ...CONFIG.services, api } } },
    });
    expect(bad).toMatchObject([
      { check: "names", what: "api does not know the name glitchtip: they share no network" },
    ]);
  });

  it("mean nothing to a running container that is older than the files", async () => {
    using folder = await initiated();
    const { bad } = await examine({
      dir: folder.dir,
      docker: { containers: [container("api", { networkIds: ["net-default"] }), container("glitchtip")] },
    });
    expect(bad).toMatchObject([{ check: "names", fix: "docker compose up -d --wait api" }]);
  });

  it("of the public address are looked up", async () => {
    using folder = await initiated();
    const file = join(folder.dir, "glitchtip.yaml");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(/^( *)image:/m, "$1url: https://errors.example.com\n$1image:"),
    );
    const { bad } = await examine({ dir: folder.dir, machine: { resolves: async () => false } });
    expect(bad.find(({ check }) => check === "names")).toMatchObject({
      level: "warn",
      what: "errors.example.com (server.url) does not resolve on this machine",
    });
  });
});

describe("the project's files", () => {
  const inProject = async (change: (dir: string) => void) => {
    using folder = await initiated();
    change(folder.dir);
    return (await examine({ dir: folder.dir })).bad;
  };

  it("are edited", async () => {
    const bad = await inProject((dir) => appendFileSync(join(dir, "compose.glitchtip.yaml"), "# mine\n"));
    expect(bad).toMatchObject([
      {
        check: "files",
        level: "warn",
        what: "compose.glitchtip.yaml was edited by hand",
        fix: expect.stringMatching(/your own/),
      },
    ]);
  });

  it("are edited and would be merged, or cannot be, or are the user's own and behind", async () => {
    const declare = (dir: string) =>
      appendFileSync(join(dir, "glitchtip.yaml"), "onFailure: start-without-reporting\n");
    const stack = "compose.glitchtip.yaml";
    const found = async (change: (dir: string) => void) =>
      (
        await inProject((dir) => {
          change(dir);
          declare(dir);
        })
      ).find(({ what }) => what.startsWith(stack));
    expect(await found((dir) => appendFileSync(join(dir, stack), "# mine\n"))).toMatchObject({
      level: "warn",
      what: `${stack} was edited by hand and is older than glitchtip.yaml or this version`,
      fix: "npx glitchtip-compose render",
    });
    expect(await found((dir) => writeFileSync(join(dir, stack), "services: {}\n"))).toMatchObject({
      level: "warn",
      what: `${stack} was edited by hand where ours has changed too`,
    });
    expect(await found((dir) => eject({ dir, assets: ASSETS }, [stack]))).toMatchObject({
      level: "warn",
      what: `${stack} is yours, and what we would write has changed`,
      fix: `npx glitchtip-compose render --adopt ${stack}`,
    });
  });

  it("lose an app's wrapper to a Compose file that stands after ours", async () => {
    const bad = await inProject((dir) => {
      writeFileSync(join(dir, "mine.yaml"), "services: {api: {entrypoint: [tini]}}\n");
      writeFileSync(join(dir, ".env"), "COMPOSE_FILE=compose.yaml:compose.glitchtip.yaml:mine.yaml\n");
    });
    expect(bad).toContainEqual(
      expect.objectContaining({
        check: "services",
        level: "fail",
        what: expect.stringContaining("an entrypoint for api"),
      }),
    );
  });

  it("are missing", async () => {
    const bad = await inProject((dir) => rmSync(join(dir, ".glitchtip", "gate.py")));
    expect(bad).toMatchObject([{ check: "files", level: "fail", what: ".glitchtip/gate.py is missing" }]);
  });

  it("lack a secret", async () => {
    const bad = await inProject((dir) => rmSync(join(dir, ".glitchtip/secrets/secret_key")));
    expect(bad).toMatchObject([{ check: "secrets", level: "fail", what: ".glitchtip/secrets/secret_key is missing" }]);
  });

  it("add to a service that the user has renamed, which breaks every compose command", async () => {
    const bad = await inProject((dir) => {
      const file = join(dir, "compose.yaml");
      writeFileSync(file, readFileSync(file, "utf8").replace("api:", "apis:"));
    });
    expect(bad[0]).toMatchObject({
      check: "services",
      what: 'compose.glitchtip.yaml adds to service "api", which compose.yaml no longer has; did you mean "apis"?',
    });
  });

  it("have mistakes, all of which are told", async () => {
    const bad = await inProject((dir) => appendFileSync(join(dir, "glitchtip.yaml"), "onFailur: block\nadmn: x\n"));
    expect(bad).toMatchObject([
      {
        check: "declaration",
        level: "fail",
        details: [expect.stringContaining("onFailur"), expect.stringContaining("admn")],
      },
    ]);
  });
});

describe("containers", () => {
  it("that ran out of memory are told to get more, although they run", async () => {
    using folder = await initiated();
    const { bad } = await examine({
      dir: folder.dir,
      docker: { containers: [container("api"), container("glitchtip", { oomKilled: true })] },
    });
    expect(bad).toMatchObject([{ check: "containers", fix: expect.stringMatching(/^Raise mem_limit of glitchtip/) }]);
  });
});
