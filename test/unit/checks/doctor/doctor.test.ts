import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../../../src/base/errors.ts";
import { answers, container } from "../../../support/fake-docker.ts";
import { CONFIG, examine, GIB, initiated, NOW_MS } from "./examined.ts";

describe("doctor", () => {
  it("finds no problem where there is none", async () => {
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
      "owner",
      "port",
      "names",
      "containers",
    ]);
  });

  it("reports all problems at once, each with its fix", async () => {
    using folder = await initiated();
    const { bad } = await examine({
      dir: folder.dir,
      docker: { compose: { version: async () => "2.15.0" }, containers: [container("api", { health: "unhealthy" })] },
      info: { nowMs: NOW_MS - 60_000, memoryBytes: GIB },
    });
    expect(bad.map(({ check, level }) => `${check} ${level}`)).toEqual([
      "compose fail",
      "memory warn",
      "clock warn",
      "containers fail",
    ]);
    expect(bad.every(({ fix }) => fix !== undefined)).toBe(true);
  });

  it("names an app that runs without its DSN, and a rotation that is open", async () => {
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

  it("still checks the files when no engine answers, and names the address that it tried", async () => {
    using folder = await initiated();
    const none = new CodedError("GC1601", "no Docker engine answers", { problems: ["DOCKER_HOST: not set"] });
    const { bad, good } = await examine({ dir: folder.dir, docker: { located: () => Promise.reject(none) } });
    expect(bad).toEqual([
      { check: "engine", level: "fail", what: "no Docker engine answers", details: ["DOCKER_HOST: not set"] },
    ]);
    expect(good).toEqual(expect.arrayContaining(["declaration", "files", "secrets", "port", "names"]));
  });

  it("still checks the engine in a folder without a declaration", async () => {
    const { bad, good } = await examine();
    expect(bad).toMatchObject([{ check: "declaration", level: "fail", fix: expect.stringContaining("init") }]);
    expect(good).toEqual(["engine", "compose", "memory", "disk", "clock"]);
  });

  it("reports a missing docker program once", async () => {
    using folder = await initiated();
    const missing = () => Promise.reject(new CodedError("GC1606", "the program `docker` was not found"));
    const { bad } = await examine({ dir: folder.dir, docker: { compose: { version: missing, config: missing } } });
    expect(bad.map(({ check }) => check)).toEqual(["compose"]);
  });

  it("throws an unexpected error instead of turning it into a finding", async () => {
    const broken = () => Promise.reject(new TypeError("oops"));
    await expect(examine({ docker: { compose: { version: broken } } })).rejects.toThrow(TypeError);
  });

  it("tells a database whose data is in a volume without a name", async () => {
    using folder = await initiated();
    const { bad } = await examine({
      dir: folder.dir,
      docker: {
        containers: [
          container("glitchtip-db", { mounts: [{ path: "/var/lib/postgresql/data", volume: "f".repeat(64) }] }),
        ],
        cli: async (args) =>
          answers({ stdout: args.at(-1)?.includes("SHOW data_directory") ? "/var/lib/postgresql/data\n" : "" }),
      },
    });
    expect(bad).toContainEqual(
      expect.objectContaining({ check: "data", level: "fail", what: expect.stringContaining("in no volume") }),
    );
  });

  it("tells a Valkey that refuses writes for its limit", async () => {
    using folder = await initiated();
    const info = "used_memory:67000000\r\nmaxmemory:67108864\r\nerrorstat_OOM:count=3\r\n";
    const { bad } = await examine({
      dir: folder.dir,
      docker: {
        config: { ...CONFIG, services: { ...CONFIG.services, "glitchtip-valkey": { mem_limit: "134217728" } } },
        containers: [container("glitchtip-db"), container("glitchtip-valkey")],
        cli: async (args) => answers({ stdout: args.includes("valkey-cli") ? info : "" }),
      },
    });
    expect(bad).toContainEqual(
      expect.objectContaining({
        check: "valkey",
        level: "fail",
        what: expect.stringContaining("has refused 3 writes"),
      }),
    );
  });

  it("names the variable in the user's file that a taken port comes from", async () => {
    using folder = await initiated();
    const file = join(folder.dir, "compose.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("}", `, ports: ["\${APP_PORT:-3000}:3000"]}`));
    const { bad } = await examine({ dir: folder.dir, machine: { portIsFree: async (port) => port !== 3000 } });
    expect(bad).toContainEqual(
      expect.objectContaining({ check: "port", fix: expect.stringMatching(/^Set APP_PORT in \.env .*APP_PORT=3001/) }),
    );
  });
});
