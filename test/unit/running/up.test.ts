import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import type { Declaration } from "../../../src/config/schema.ts";
import { renderEnvFile } from "../../../src/outputs/env-file.ts";
import { startStack } from "../../../src/running/up.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";
import { declare } from "../../support/provisioning.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

const WAITING = { clock: fakeClock(), signal: new AbortController().signal };

const BY_FILE = declare({ apps: { api: { project: "shop-api", inject: "env-file" }, web: { project: "shop-api" } } });
const DSN = "http://key@glitchtip:8000/1";
const VOLUME_FILE = "id-glitchtip-provision:/run/glitchtip/apps/api/api.env";

/** What was asked of Docker, in its order. */
async function upIn(
  folder: TemporaryFolder,
  declaration: Declaration,
  files: Record<string, string>,
  volumes: readonly string[] = [],
) {
  const calls: string[] = [];
  const docker = fakeDocker({
    config: { volumes: { "glitchtip-dsn-api": { name: "shop_glitchtip-dsn-api" } } },
    engine: { belongings: async () => ({ networks: [], volumes: volumes.map((key) => `shop_${key}`) }) },
    containers: [
      container("glitchtip-provision", { state: "exited" }),
      container("kept", { volumes: ["shop_glitchtip-dsn-kept"] }),
    ],
    files,
    cli: async (args) => {
      calls.push(args.join(" "));
      return answers({ stdout: "1\n" });
    },
    compose: {
      up: async ({ services = [], flags = ["--detach", "--wait"] } = {}) =>
        void calls.push(["up", ...flags, ...services].join(" ")),
    },
  });
  const result = await startStack({ dir: folder.path, docker, ...WAITING, say: () => {}, warn: () => {} }, declaration);
  return { calls, result };
}

describe("up", () => {
  it("is one step when no app takes an env file", async () => {
    using folder = new TemporaryFolder();
    expect(await upIn(folder, declare(), {})).toEqual({
      calls: ["up --detach --wait"],
      result: { written: [], without: [] },
    });
    expect(folder.files()).toEqual({});
  });

  it("removes the DSN volumes of apps that are gone, and no other volume", async () => {
    using folder = new TemporaryFolder();
    const volumes = ["glitchtip-dsn", "glitchtip-dsn-api", "glitchtip-dsn-kept", "glitchtip-dsn-gone", "data"];
    const { calls } = await upIn(folder, declare(), {}, volumes);
    expect(calls).toEqual(["up --detach --wait", "volume rm shop_glitchtip-dsn-gone"]);
  });

  it.each([
    { output: "Health check exceeded timeout (5s)", ends: "done", ups: 2 },
    { output: "connection refused", ends: "GC1604", ups: 1 },
  ])("waits for a server whose health checks were late, and for no other: $output", async ({ output, ends, ups }) => {
    using folder = new TemporaryFolder();
    let [called, looks] = [0, 0];
    const docker = fakeDocker({
      engine: {
        containers: async () => [
          container("glitchtip", looks++ < 4 ? { health: "unhealthy", healthOutput: output } : { health: "healthy" }),
        ],
      },
      compose: {
        up: async () => {
          if (++called === 1) throw new CodedError("GC1604", "docker compose up failed (exit 1)");
        },
      },
      cli: async () => answers(),
    });
    const started = startStack({ dir: folder.path, docker, ...WAITING, say: () => {}, warn: () => {} }, declare());
    const outcome = await started.then(
      () => "done",
      (error: unknown) => (error instanceof CodedError ? error.code : String(error)),
    );
    expect({ outcome, called }).toEqual({ outcome: ends, called: ups });
  });

  it("otherwise waits for the provisioner, writes the files for their owner alone, and starts everything", async () => {
    using folder = new TemporaryFolder();
    const files = { [VOLUME_FILE]: renderEnvFile({ SENTRY_DSN: DSN }) };
    expect(await upIn(folder, BY_FILE, files)).toEqual({
      calls: ["up --detach glitchtip-provision", "wait id-glitchtip-provision", "up --detach --wait"],
      result: { written: [".glitchtip/env/api.env"], without: [] },
    });
    expect(folder.files()).toEqual({ ".glitchtip/env/api.env": `SENTRY_DSN='${DSN}'\n` });
    expect([folder.mode(".glitchtip/env"), folder.mode(".glitchtip/env/api.env")]).toEqual(["700", "600"]);
  });

  it("writes only what has changed, and keeps the last file when there is no DSN", async () => {
    using folder = new TemporaryFolder();
    await upIn(folder, BY_FILE, { [VOLUME_FILE]: renderEnvFile({ SENTRY_DSN: DSN }) });
    const before = folder.modifiedMs();
    expect((await upIn(folder, BY_FILE, { [VOLUME_FILE]: renderEnvFile({ SENTRY_DSN: DSN }) })).result.written).toEqual(
      [],
    );
    expect((await upIn(folder, BY_FILE, {})).result).toEqual({ written: [], without: [] });
    expect(folder.modifiedMs()).toEqual(before);
  });

  it("names the apps that have never had a DSN", async () => {
    using folder = new TemporaryFolder();
    expect((await upIn(folder, BY_FILE, {})).result).toEqual({ written: [], without: ["api"] });
  });

  it.each([
    [1_000, 2_000, 500, ["compose --profile * restart --no-deps glitchtip-worker", "up --detach --wait"]],
    [2_000, 1_000, 1_000, ["up --detach --wait"]],
    // A process of Postgres crashed, and the others started again inside of the container.
    [2_000, 1_000, 2_500, ["compose --profile * restart --no-deps glitchtip-worker", "up --detach --wait"]],
  ])(
    "restarts a worker of 5.2 without Valkey that is older than its database, before the provisioner waits for its event: %i, %i, %i",
    async (worker, db, postgres, expected) => {
      const calls: string[] = [];
      let workerSinceMs = worker;
      const docker = fakeDocker({
        config: { services: { "glitchtip-db": {}, "glitchtip-worker": {} } },
        engine: {
          containers: async () => [
            container("glitchtip-worker", { sinceMs: workerSinceMs }),
            container("glitchtip-db", { sinceMs: db }),
          ],
        },
        cli: async (args) => {
          if (args[0] === "exec") return answers({ stdout: `0|100\n${postgres}\n` });
          calls.push(args.join(" "));
          if (args.includes("restart")) workerSinceMs = 3_000;
          return answers();
        },
        compose: { up: async () => void calls.push("up --detach --wait") },
      });
      const declaration = declare({ server: { image: "glitchtip/glitchtip:5.2.1", valkey: "off" } });
      await startStack({ dir: "/", docker, ...WAITING, say: () => {}, warn: () => {} }, declaration);
      expect(calls).toEqual(expected);
    },
  );
});

describe("the proof after a restart", () => {
  const PROOF =
    "compose --profile * run --rm --no-deps -T -e GLITCHTIP_PROVES_WORKER=true -e GLITCHTIP_PROOF_WITHIN_SECONDS=120 glitchtip-provision";

  /** Starts a stack whose database and worker run since these times. Resolves to what was asked of Docker. */
  async function upAfter(dbMs: number, workerMs: number, provedAt: number | undefined, code = 0): Promise<string[]> {
    const calls: string[] = [];
    const status = { version: 1, apps: {}, ...(provedAt && { provedAt: new Date(provedAt).toISOString() }) };
    const docker = fakeDocker({
      config: { services: { "glitchtip-db": {}, "glitchtip-worker": {} } },
      containers: [
        container("glitchtip-db", { sinceMs: dbMs }),
        container("glitchtip-worker", { sinceMs: workerMs }),
        container("glitchtip-provision", { state: "exited" }),
      ],
      files: { "id-glitchtip-provision:/run/glitchtip/status.json": JSON.stringify(status) },
      cli: async (args) => {
        calls.push(args.join(" "));
        return answers({ code, stderr: "error GC1405: project shop: the event was accepted, but …\n" });
      },
      compose: { up: async () => {} },
    });
    await startStack({ dir: "/", docker, ...WAITING, say: () => {}, warn: () => {} }, declare());
    return calls;
  }

  it("sends an event where the database or the worker is younger than the last proof, else none", async () => {
    expect(await upAfter(1_000, 2_000, 3_000)).toEqual([]);
    expect(await upAfter(4_000, 2_000, 3_000)).toEqual([PROOF]);
    expect(await upAfter(1_000, 4_000, 3_000)).toEqual([PROOF]);
    expect(await upAfter(1_000, 4_000, undefined)).toEqual([]);
  });

  it("fails where that event is not read back, and says what the provisioner said", async () => {
    await expect(upAfter(4_000, 2_000, 3_000, 1)).rejects.toMatchObject({
      code: "GC1405",
      message: expect.stringContaining("glitchtip-db started since the last proof"),
      problems: ["error GC1405: project shop: the event was accepted, but …"],
    });
  });
});
