import { describe, expect, it } from "vitest";
import { stackStatus } from "../../../src/checks/status.ts";
import type { Container } from "../../../src/docker/index.ts";
import type { JobQueue } from "../../../src/glitchtip/versions.ts";
import { containerProblem } from "../../../src/running/state.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";
import { declare } from "../../support/provisioning.ts";

const DECLARATION = declare();

const NOW_MS = 1_000_000;
const OURS = ["glitchtip-db", "glitchtip", "glitchtip-init", "glitchtip-provision"];
const SERVICES = Object.fromEntries([...OURS, "api", "optional"].map((name) => [name, {}]));
const STARTED = [
  container("api"),
  container("glitchtip-db", { health: "healthy" }),
  container("glitchtip", { health: "healthy" }),
  container("glitchtip-init", { state: "exited" }),
  container("glitchtip-provision", { state: "exited" }),
];
const WRITTEN = {
  version: 1,
  state: "ok",
  server: { version: "6.2.6" },
  organization: "acme",
  at: "2026-11-21T12:00:00.000Z",
  apps: {
    api: { project: "shop-api", projectId: "1", variables: { SENTRY_DSN: "container" }, dsn: "proved" },
  },
};

const STATUS_FILE = "id-glitchtip-provision:/run/glitchtip/status.json";

interface Setup {
  readonly containers?: readonly Container[];
  readonly written?: object;
  readonly jobs?: string;
  readonly jobQueue?: JobQueue;
  readonly psql?: number;
  readonly discovery?: string;
  readonly declaration?: ReturnType<typeof declare>;
}

const look = (setup: Setup = {}) =>
  stackStatus(
    fakeDocker({
      config: {
        services: { ...SERVICES, "glitchtip-ready": { scale: 0 }, glitchtip: { image: "glitchtip/glitchtip:6" } },
      },
      containers: setup.containers ?? STARTED,
      files: { [STATUS_FILE]: JSON.stringify(setup.written ?? WRITTEN) },
      cli: async () => answers({ stdout: setup.jobs ?? "", stderr: setup.jobs ?? "", code: setup.psql ?? 0 }),
    }),
    setup.declaration ?? DECLARATION,
    {
      dir: "/nowhere",
      url: "http://localhost:8000",
      ...(setup.jobs === undefined ? {} : { jobQueue: setup.jobQueue ?? "celery" }),
      nowMs: NOW_MS,
      stackFiles: ["compose.override.yaml", "compose.glitchtip.yaml"],
      ...(setup.discovery === undefined ? {} : { discovery: setup.discovery }),
    },
  );

/** Returns the containers with changes to some of them. */
const but = (changes: Record<string, Partial<Container>>) =>
  STARTED.map((one) => ({ ...one, ...changes[one.service] }));

describe("status", () => {
  it.each([
    [["/shop/compose.yaml"], "broken"],
    [["/shop/compose.yaml", "/shop/compose.override.yaml"], "ok"],
    [["/shop/compose.yaml", "/shop/compose.glitchtip.yaml", "/shop/mine.yaml"], "ok"],
  ])("judges an app by the Compose files that it was started with: %j is %s", async (configFiles, state) => {
    const found = await look({ containers: but({ api: { configFiles } }) });
    expect([found.state, found.next]).toEqual([
      state,
      state === "ok"
        ? []
        : [expect.stringMatching(/^api was started without our Compose file.*: docker compose up -d/)],
    ]);
  });

  it.each<[string, readonly Container[]]>([
    ["the old container runs without our file", [container("api", { configFiles: ["/shop/compose.yaml"] })]],
    ["the old container is stopped", [container("api", { state: "exited", exitCode: 143 })]],
    ["the old container is gone", []],
  ])("has one row with one remedy for an interrupted recreation where %s", async (_, old) => {
    const replacement = container("api", { name: "0123456789ab_shop-api-1", state: "created" });
    const found = await look({
      containers: [...STARTED.filter(({ service }) => service !== "api"), ...old, replacement],
    });
    const next = "api was interrupted while its container was recreated: docker compose up -d --wait";
    expect([found.state, found.next]).toEqual(["broken", [next]]);
    expect(found.services.filter(({ service }) => service === "api")).toHaveLength(1);
  });

  it("does not judge the files of a container that was never started", async () => {
    const found = await look({ containers: but({ api: { state: "created", configFiles: ["/shop/compose.yaml"] } }) });
    expect(found.next).toEqual(["api was created and never started: docker compose up -d --wait"]);
  });

  it("is broken where Compose misses our file in this folder", async () => {
    const found = await look({ discovery: "COMPOSE_FILE in .env does not list it: npx glitchtip-compose init" });
    expect([found.state, found.next]).toEqual([
      "broken",
      ["COMPOSE_FILE in .env does not list it: npx glitchtip-compose init"],
    ]);
  });

  it("names an app that was started before its DSN was written, and what to type", async () => {
    const writtenAt = { api: new Date(500_000).toISOString() };
    const seen = (sinceMs: number) =>
      look({ written: { ...WRITTEN, writtenAt }, containers: but({ api: { sinceMs } }) });
    expect(await seen(400_000)).toMatchObject({
      state: "broken",
      next: ["api started before its DSN was written and does not know it: docker compose restart api"],
    });
    expect(await seen(600_000)).toMatchObject({ state: "ok", next: [] });
  });

  it("mentions an open rotation, which is no problem", async () => {
    const { state, next } = await look({ written: { ...WRITTEN, rotating: ["shop-api"] } });
    expect(state).toBe("ok");
    expect(next).toEqual([
      expect.stringContaining("the key of shop-api is being rotated: npx glitchtip-compose rotate"),
    ]);
  });

  it("is ok when all services work", async () => {
    expect(await look()).toMatchObject({
      project: "shop",
      state: "ok",
      url: "http://localhost:8000",
      version: "6.2.6",
      image: "glitchtip/glitchtip:6",
      provisioner: { state: "ok", at: WRITTEN.at },
      apps: [{ app: "api", project: "shop-api", dsn: "proved", variables: ["SENTRY_DSN"] }],
      next: [],
    });
  });

  it("lists the stack's services in their starting order, then the apps, but no service of an inactive profile", async () => {
    const { services } = await look();
    expect(services.map(({ service }) => service)).toEqual([
      "glitchtip-db",
      "glitchtip-init",
      "glitchtip",
      "glitchtip-provision",
      "api",
    ]);
    expect(services[1]).toEqual({ service: "glitchtip-init", state: "exited", exitCode: 0, sinceMs: 1_000 });
  });

  it("shows no DSN, whatever the volume holds", async () => {
    expect(JSON.stringify(await look())).not.toMatch(/:\/\/[^/"]*@/);
  });

  it("is not started without containers, and tells how to start", async () => {
    expect(await look({ containers: [] })).toMatchObject({
      state: "not started",
      services: [],
      next: ["docker compose up -d --wait"],
    });
  });

  it("is starting while a health check is starting", async () => {
    expect(await look({ containers: but({ glitchtip: { health: "starting" } }) })).toMatchObject({ state: "starting" });
  });

  it("is broken with an app without a DSN", async () => {
    expect(await look({ written: { ...WRITTEN, apps: {} } })).toMatchObject({
      state: "broken",
      apps: [{ app: "api", dsn: "none" }],
      next: [expect.stringMatching(/^no DSN yet for api/)],
    });
  });

  it("says that our own up writes the DSN of a program outside of Compose", async () => {
    const declaration = declare({
      apps: { api: { project: "shop-api" }, dev: { project: "shop-api", host: true, dotenv: ".env.local" } },
    });
    expect((await look({ declaration })).next).toEqual(["no DSN yet for dev in .env.local: npx glitchtip-compose up"]);
    expect((await look({ declaration, written: { ...WRITTEN, apps: {} } })).next).toEqual([
      "no DSN yet for api: npx glitchtip-compose init, then docker compose up -d --wait",
      "no DSN yet for dev in .env.local: npx glitchtip-compose up",
    ]);
  });

  it("shows the provisioner's error", async () => {
    const error = { code: "GC1301", message: "the admin's password was refused" };
    expect(await look({ written: { ...WRITTEN, state: "failed", error } })).toMatchObject({
      state: "broken",
      next: ["the provisioner says GC1301: the admin's password was refused"],
    });
  });

  it("names a service of the stack that has no container or is stopped", async () => {
    const containers = but({ "glitchtip-db": { state: "exited" } }).filter(({ service }) => service !== "glitchtip");
    expect((await look({ containers })).next).toEqual([
      "glitchtip-db is stopped: docker compose up -d --wait",
      "glitchtip has no container: docker compose up -d --wait",
    ]);
  });

  it("names the first that failed first, and what the others wait for", async () => {
    const containers = but({
      api: { state: "exited", exitCode: 78 },
      glitchtip: { state: "restarting", exitCode: 1, restarts: 6 },
      "glitchtip-init": { state: "exited", exitCode: 1 },
      "glitchtip-provision": { state: "exited", exitCode: 4 },
    });
    expect((await look({ containers })).next).toEqual([
      "glitchtip-init ended with exit code 1: docker compose logs --tail 50 glitchtip-init, then docker compose up -d --wait",
      "glitchtip keeps restarting (6 times, last exit code 1): waits for glitchtip-init",
      "glitchtip-provision ended with exit code 4: waits for glitchtip-init",
      "api ended with exit code 78: waits for glitchtip-init",
    ]);
  });

  it("sends to its own log what failed by itself", async () => {
    const containers = but({
      api: { state: "exited", exitCode: 3 },
      "glitchtip-init": { state: "exited", exitCode: 1 },
      "glitchtip-provision": { state: "exited", exitCode: 1 },
    });
    expect((await look({ containers })).next.slice(1)).toEqual([
      "glitchtip-provision ended with exit code 1: docker compose logs --tail 50 glitchtip-provision",
      "api ended with exit code 3: docker compose logs --tail 50 api",
    ]);
  });

  it("leaves out the version of a build without one", async () => {
    expect(await look({ written: { ...WRITTEN, server: { version: "0.0.0-unknown" } } })).not.toHaveProperty("version");
  });

  it("ignores a truncated status file", async () => {
    const docker = fakeDocker({ containers: STARTED, files: { [STATUS_FILE]: '{"ver' } });
    expect(await stackStatus(docker, DECLARATION, { dir: "/nowhere", nowMs: 0 })).not.toHaveProperty("provisioner");
  });
});

describe("a container is a problem when it", () => {
  it.each<[string, Parameters<typeof container>, RegExp]>([
    ["killed a process for lack of memory and runs on", ["glitchtip", { oomKilled: true }], /lack of memory/],
    ["is unhealthy", ["glitchtip", { health: "unhealthy" }], /is unhealthy/],
    ["starts over and over", ["api", { state: "restarting", restarts: 7, exitCode: 1 }], /7 times, last exit code 1/],
    ["ended with an error", ["api", { state: "exited", exitCode: 3 }], /exit code 3/],
    [
      "was killed for lack of memory",
      ["api", { state: "exited", exitCode: 137, oomKilled: true }],
      /137, out of memory/,
    ],
  ])("%s", (_, [service, more], problem) => {
    expect(containerProblem(container(service, more))).toMatch(problem);
  });

  it.each<[string, Parameters<typeof container>]>([
    ["runs", ["api"]],
    ["is a one-shot that ended well", ["glitchtip-provision", { state: "exited" }]],
    ["is a job of the user's that ended well", ["migrate", { state: "exited" }]],
  ])("but not when it %s", (_, [service, more]) => {
    expect(containerProblem(container(service, more))).toBeUndefined();
  });
});

describe("jobs in the database", () => {
  it("are counted, with the time since the worker took one", async () => {
    expect(await look({ jobs: "2|1500\n" })).toMatchObject({
      state: "ok",
      jobs: { known: true, waiting: 2, lastTakenMs: 1_500, stuck: false },
    });
  });

  it("are stuck when they wait and none was taken for two minutes", async () => {
    const found = await look({ jobs: "2|130000\n" });
    expect(found).toMatchObject({ state: "broken", jobs: { stuck: true } });
    expect(found.next[0]).toBe("2 jobs wait and none is taken: docker compose restart glitchtip");
  });

  it("are not stuck when none waits, however long ago the last one was taken", async () => {
    expect(await look({ jobs: "0|900000\n" })).toMatchObject({ jobs: { waiting: 0, stuck: false } });
  });

  it("are stuck when none was taken since the database started long ago", async () => {
    expect(await look({ jobs: "5|\n" })).toMatchObject({ jobs: { known: true, waiting: 5, stuck: true } });
  });

  it("say that a worker which was started before its database stores nothing, although it takes them", async () => {
    const containers = (workerMs: number) => [
      ...but({ "glitchtip-db": { sinceMs: 500_000 } }),
      container("glitchtip-worker", { sinceMs: workerMs, health: "healthy" }),
    ];
    const found = await look({ jobs: "0|1000\n", containers: containers(400_000) });
    expect(found).toMatchObject({ state: "broken", jobs: { known: true, stuck: true } });
    expect(found.next[0]).toMatch(/^the worker was started before its database .*: docker compose restart glitchtip/);
    expect(await look({ jobs: "0|1000\n", containers: containers(600_000) })).toMatchObject({ state: "ok" });
    const six = await look({ jobs: "0|1000\n", jobQueue: "vtasks", containers: containers(400_000) });
    expect(six).toMatchObject({ state: "ok" });
  });

  it("of generation 6 are counted with the age of the oldest, because finished jobs are deleted", async () => {
    const found = (jobs: string) => look({ jobs, jobQueue: "vtasks" });
    expect(await found("2|1500\n")).toMatchObject({ jobs: { waiting: 2, oldestMs: 1_500, stuck: false } });
    expect(await found("2|130000\n")).toMatchObject({ state: "broken", jobs: { stuck: true } });
    expect(await found("0|\n")).toMatchObject({ state: "ok", jobs: { waiting: 0, stuck: false } });
  });

  it("are unknown where the table does not exist", async () => {
    expect(await look({ jobs: "" })).toMatchObject({ state: "ok", jobs: { known: false, stuck: false } });
  });

  it("are unknown while the database is down", async () => {
    const { jobs } = await look({ jobs: "1|1", containers: but({ "glitchtip-db": { state: "exited" } }) });
    expect(jobs).toMatchObject({ known: false, reason: "the database is not running" });
  });
});

describe("the stack of another folder", () => {
  it("is broken, and says so first, where the containers belong to another folder", async () => {
    const folder = "/home/ann/other/shop";
    const docker = fakeDocker({
      config: { services: SERVICES },
      containers: STARTED,
      files: { [STATUS_FILE]: JSON.stringify(WRITTEN) },
      engine: {
        marks: async () => [{ kind: "container", name: "shop-api-1", project: "shop", key: "api", folder }],
      },
    });
    const identity = { dir: "/home/ann/shop", project: "shop", instance: "0123456789abcdef" };
    const { state, next } = await stackStatus(docker, DECLARATION, { dir: "/nowhere", nowMs: NOW_MS, identity });
    expect(state).toBe("broken");
    expect(next[0]).toContain(folder);
  });
});

describe("a Valkey that is full", () => {
  it("makes the stack broken, with the command", async () => {
    const docker = fakeDocker({
      config: { services: { ...SERVICES, "glitchtip-valkey": {} } },
      containers: [...STARTED, container("glitchtip-valkey")],
      files: { [STATUS_FILE]: JSON.stringify(WRITTEN) },
      cli: async () => answers({ stdout: "used_memory:99\nmaxmemory:100\n" }),
    });
    const found = await stackStatus(docker, DECLARATION, { dir: "/nowhere", nowMs: NOW_MS });
    expect(found).toMatchObject({ state: "broken", valkey: { usedBytes: 99, limitBytes: 100, refused: 0 } });
    expect(found.next).toEqual([expect.stringMatching(/^Valkey is full .*limits\.valkey\.memory/)]);
  });
});
