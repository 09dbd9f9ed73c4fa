import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import type { ComposeConfig } from "../../../src/compose/model.ts";
import type { Container } from "../../../src/docker/index.ts";
import { startStack } from "../../../src/running/up.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";
import { declare } from "../../support/provisioning.ts";

const WAITING = { clock: fakeClock(), signal: new AbortController().signal };

const CONFIG = {
  name: "shop",
  services: {
    web: {},
    db: {},
    debug: { profiles: ["debug"] },
    glitchtip: {},
    "glitchtip-db": {},
    "glitchtip-provision": {},
    "glitchtip-ready": { scale: 0 },
  },
};
const ACTIVE = ["web", "db", "glitchtip", "glitchtip-db", "glitchtip-provision", "glitchtip-ready"];
const refused = new CodedError("GC1604", "docker compose up failed (exit 1)", { problems: ["Bind for … failed"] });
const created = (service: string): Container => container(service, { state: "created" });

const MODEL: ComposeConfig = {
  name: "shop",
  services: {
    web: {
      networks: { default: null },
      depends_on: { db: { condition: "service_started" }, glitchtip: { condition: "service_started" } },
    },
    glitchtip: { networks: { default: null, gone: null } },
  },
  networks: { default: null, gone: { external: true } },
};

/** Runs an `up` that fails and leaves these containers; `alone` is what becomes of the second one. */
async function failedUp(containers: readonly Container[], alone: (byModel: boolean) => Promise<void> = async () => {}) {
  const calls: string[] = [];
  const warnings: string[] = [];
  const models: object[] = [];
  const ran: string[] = [];
  const docker = fakeDocker({
    config: CONFIG,
    containers,
    compose: {
      activeModel: async () => ({
        ...MODEL,
        services: Object.fromEntries(ACTIVE.map((name) => [name, MODEL.services[name] ?? {}])),
      }),
      async run(service, args) {
        ran.push([service, ...args].join(" "));
        return answers();
      },
      async up({ services = [], flags = ["--detach", "--wait"], model } = {}) {
        calls.push([...flags, ...services].join(" "));
        if (model !== undefined) models.push(model);
        if (calls.length === 1) throw refused;
        await alone(model !== undefined);
      },
    },
  });
  const warn = (line: string) => void warnings.push(line);
  const error = await startStack({ dir: "/nonexistent", docker, ...WAITING, say() {}, warn }, declare()).catch(
    (e: unknown) => e,
  );
  expect(error).toBe(refused);
  const isStarted = calls.length > 1;
  expect(ran).toEqual(isStarted ? ["glitchtip-provision /opt/glitchtip-compose/provisioner.mjs take-over"] : []);
  return { calls: calls.slice(1), warnings, models };
}

describe("when the engine refuses a container of ours", () => {
  it("up starts the user's services alone, says so, and fails all the same", async () => {
    const found = await failedUp([container("glitchtip-db"), created("glitchtip"), created("web")]);
    expect(found).toEqual({
      calls: ["--detach --no-deps web db"],
      warnings: [expect.stringMatching(/^GlitchTip could not be started; .* with their last DSN: web, db$/)],
      models: [],
    });
  });

  it("also where nothing could be made, since an image cannot be had", async () => {
    expect((await failedUp([])).calls).toEqual(["--detach --no-deps web db"]);
  });

  it("also where the user's services have been stopped before", async () => {
    const stopped = ["web", "db"].map((name) => container(name, { state: "exited" }));
    expect((await failedUp([created("glitchtip"), ...stopped])).calls).toEqual(["--detach --no-deps web db"]);
  });

  it("leaves services alone that run, and those of an inactive profile", async () => {
    const found = await failedUp([created("glitchtip"), container("web"), created("db"), created("debug")]);
    expect(found.calls).toEqual(["--detach --no-deps db"]);
  });

  it("also where a network of ours is missing, for which Compose looks all the same: by a model without our services", async () => {
    const found = await failedUp([], async (byModel) => {
      if (!byModel) throw refused;
    });
    expect(found.calls).toEqual(["--detach --no-deps web db", "--detach --no-deps web db"]);
    expect(found.models).toEqual([
      {
        name: "shop",
        services: {
          web: { networks: { default: null }, depends_on: { db: { condition: "service_started" } } },
          db: { depends_on: {} },
        },
        networks: { default: null },
      },
    ]);
    expect(found.warnings).toEqual([expect.stringContaining("with their last DSN: web, db")]);
  });

  it("says where they cannot be started either", async () => {
    const found = await failedUp([created("glitchtip")], async () => {
      throw refused;
    });
    expect(found.warnings).toEqual([
      expect.stringMatching(/could not be started without GlitchTip either: .*Bind for/),
    ]);
  });
});

it("nothing is started alone where our containers only failed inside", async () => {
  const failed = container("glitchtip-provision", { state: "exited", exitCode: 4 });
  const found = await failedUp([
    container("glitchtip"),
    container("glitchtip-db"),
    failed,
    container("web"),
    container("db", { state: "exited", exitCode: 1 }),
  ]);
  expect(found).toEqual({ calls: [], warnings: [], models: [] });
});
