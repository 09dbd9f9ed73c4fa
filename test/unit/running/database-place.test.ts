import { describe, expect, it } from "vitest";
import type { ContainerMount } from "../../../src/docker/engine.ts";
import { databaseOutsideVolumes } from "../../../src/running/database-place.ts";
import { observeStack } from "../../../src/running/index.ts";
import { startStack } from "../../../src/running/up.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";
import { declare } from "../../support/provisioning.ts";

const NAMED: ContainerMount = { path: "/var/lib/postgresql", volume: "shop_glitchtip-db" };
/** The images of Postgres before 18 declare this volume. */
const ANONYMOUS: ContainerMount = { path: "/var/lib/postgresql/data", volume: "f".repeat(64) };

function postgresIn(directory: string, mounts: readonly ContainerMount[], hash = "now") {
  const calls: string[] = [];
  const docker = fakeDocker({
    config: { services: { "glitchtip-db": {} }, volumes: { "glitchtip-db": { name: "shop_glitchtip-db" } } },
    containers: [container("glitchtip-db", { mounts, configHash: "now" })],
    cli: async (args) => answers({ stdout: args[0] === "exec" ? `${directory}\n` : `glitchtip-db ${hash}\n` }),
    compose: { up: async () => void calls.push("up") },
  });
  return { docker, calls };
}

describe("the data of Postgres", () => {
  it.each<[string, readonly ContainerMount[]]>([
    ["/var/lib/postgresql/18/docker", [NAMED]],
    ["/var/lib/postgresql/17/docker", [ANONYMOUS, NAMED]],
    ["/var/lib/postgresql/data", [{ path: "/var/lib/postgresql/data" }]],
  ])("is kept in %s", async (directory, mounts) => {
    const { docker } = postgresIn(directory, mounts);
    expect(await databaseOutsideVolumes(docker, await observeStack(docker))).toBeUndefined();
  });

  it.each<[string, string, readonly ContainerMount[]]>([
    ["a volume without a name", "/var/lib/postgresql/data", [NAMED, ANONYMOUS]],
    ["a folder below a volume without a name", "/var/lib/postgresql/data/pgdata", [ANONYMOUS, NAMED]],
    ["the container itself", "/var/lib/postgresql-other/data", [NAMED]],
  ])("is not kept in %s", async (_, directory, mounts) => {
    const { docker } = postgresIn(directory, mounts);
    expect(await databaseOutsideVolumes(docker, await observeStack(docker))).toBe(directory);
  });

  it("keeps `up` from replacing the container where it would be lost", async () => {
    const context = { dir: "/", clock: fakeClock(), signal: new AbortController().signal, say() {}, warn() {} };
    const lost = postgresIn("/var/lib/postgresql/data", [NAMED, ANONYMOUS], "other");
    await expect(startStack({ ...context, docker: lost.docker }, declare())).rejects.toMatchObject({
      code: "GC1605",
      message: expect.stringContaining("/var/lib/postgresql/data"),
      remedy: expect.stringContaining("backup create"),
    });
    expect(lost.calls).toEqual([]);
    const unchanged = postgresIn("/var/lib/postgresql/data", [NAMED, ANONYMOUS]);
    await startStack({ ...context, docker: unchanged.docker }, declare());
    expect(unchanged.calls).toEqual(["up"]);
  });
});
