import { describe, expect, it } from "vitest";
import type { Declaration } from "../../../../src/config/schema.ts";
import type { Container, Docker, DockerCli } from "../../../../src/docker/index.ts";
import { rotationAsker } from "../../../../src/provision/ask-provisioner.ts";
import type { RotateRequest, RotatingProject } from "../../../../src/provision/rotate/execute.ts";
import { deleteRetiring, type RotateOptions, rotateKeys } from "../../../../src/provision/rotate/rotate.ts";
import type { VerifyResult } from "../../../../src/provision/verify/verify.ts";
import { answers, container, fakeDocker } from "../../../support/fake-docker.ts";
import { declare } from "../../../support/provisioning.ts";

const declaration = declare({
  projects: { shop: {}, jobs: {} },
  apps: { api: { project: "shop" }, worker: { project: "shop" }, job: { project: "jobs" } },
});
const SHOP: RotatingProject = {
  project: "shop",
  apps: ["api", "worker"],
  step: "published",
  publishedAtMs: 50_000,
  retiringKey: "0123456789abcdef0123456789abcdef",
};

interface World {
  readonly declared?: Declaration;
  readonly containers?: readonly Container[];
  readonly answer?: readonly RotatingProject[];
  /** What a restart does to a container of the app. */
  readonly restarted?: (app: string) => Partial<Container>;
  readonly failing?: readonly string[];
}

/** An engine whose containers start anew, a provisioner that answers, apps whose events come or not. */
function world({
  declared = declaration,
  containers,
  answer = [SHOP],
  restarted = () => ({}),
  failing = [],
}: World = {}) {
  let now = 100_000;
  let all = [...(containers ?? [container("api"), container("worker"), container("job")])];
  const calls: string[] = [];
  const said: string[] = [];
  const cli: DockerCli = async (args) => {
    if (args[0] !== "compose") return answers();
    calls.push(args.slice(3).join(" "));
    const app = args.at(-1) ?? "";
    all = all.map((one) => (one.service === app ? { ...one, sinceMs: now, ...restarted(app) } : one));
    return answers();
  };
  const docker: Docker = fakeDocker({
    cli,
    engine: {
      containers: async () => all,
      info: async () => ({ memoryBytes: 0, nowMs: now, rootDir: "/", kernel: "" }),
    },
  });
  const context = {
    dir: "/nowhere",
    docker,
    declaration: declared,
    clock: {
      now: () => now,
      sleep: async (ms: number) => {
        now += ms;
      },
    },
    signal: new AbortController().signal,
    say: (text: string) => void said.push(text),
    ask: async ({ verb, apps, keepOld }: RotateRequest) => {
      calls.push([verb, ...apps, ...(keepOld ? ["keeping"] : [])].join(" "));
      return answer;
    },
    prove: async (apps: readonly string[]): Promise<VerifyResult[]> => {
      calls.push(`prove ${apps.join(" ")}`);
      return apps.map((app) => {
        const common = { app, project: "shop", eventId: "e", audience: "container" as const };
        if (!failing.includes(app)) return { ...common, ok: true, via: "node", ms: 1 };
        return { ...common, ok: false, error: { code: "GC1405", message: "lost" } };
      });
    },
  };
  const run = (options: Partial<RotateOptions> = {}) =>
    rotateKeys(context, { apps: [], abort: false, keepOld: false, dryRun: false, silentForMs: 60_000, ...options });
  return { run, calls, said, context };
}

describe("rotate", () => {
  it("creates and publishes a key, restarts each app, proves, watches, and deletes last, on request", async () => {
    const { run, calls, context } = world();
    const result = await run({ apps: ["api"] });
    expect(calls).toEqual(["begin api", "restart --no-deps api", "restart --no-deps worker", "prove api worker"]);
    expect(result).toMatchObject({
      outcome: "silent",
      projects: [
        {
          project: "shop",
          step: "published",
          back: false,
          apps: [
            { app: "api", state: "restarted" },
            { app: "worker", state: "restarted" },
          ],
        },
      ],
    });
    expect(await deleteRetiring(context.ask, result)).toMatchObject({ outcome: "done" });
    expect(calls.at(-1)).toBe("finish");
  });

  it("restarts only containers that started before the publication, and starts nothing that is stopped", async () => {
    const { run, calls } = world({
      containers: [container("api", { sinceMs: 60_000 }), container("worker", { state: "exited" }), container("job")],
    });
    expect((await run()).projects[0]?.apps).toEqual([
      { app: "api", state: "has it already" },
      { app: "worker", state: "not running" },
    ]);
    expect(calls).toEqual(["begin", "prove api"]);
  });

  it("on the way back restarts only what got the new key", async () => {
    const { run, calls } = world({
      answer: [{ ...SHOP, retiringSinceMs: 40_000 }],
      containers: [container("api", { sinceMs: 45_000 }), container("worker", { sinceMs: 30_000 })],
    });
    const { projects } = await run({ abort: true });
    expect(projects).toMatchObject([{ back: true, apps: [{ state: "restarted" }, { state: "has it already" }] }]);
    expect(calls).toEqual(["abort", "restart --no-deps api", "prove api worker"]);
  });

  it("with every container of a service, also when only one is older", async () => {
    const { run, calls } = world({
      containers: [container("api", { sinceMs: 60_000 }), container("api", { id: "id-2", sinceMs: 1_000 })],
    });
    await run();
    expect(calls).toContain("restart --no-deps api");
  });

  it.each([
    { how: "is unhealthy", restarted: { health: "unhealthy" } as const },
    { how: "ended with exit code 78", restarted: { state: "exited", exitCode: 78 } },
    { how: "was not healthy", restarted: { health: "starting" } as const },
  ])("stops at the first app that $how, with both ways on", async ({ how, restarted }) => {
    const { run, calls } = world({ restarted: () => restarted });
    await expect(run()).rejects.toMatchObject({
      code: "GC1605",
      message: expect.stringContaining(`app api ${how}`),
      remedy: expect.stringMatching(/rotate continues, rotate --abort goes back/),
    });
    expect(calls).toEqual(["begin", "restart --no-deps api"]);
  });

  it("stops when an app's event does not come through", async () => {
    const { run, calls } = world({ failing: ["worker"] });
    expect(await run()).toMatchObject({ outcome: "not proved", events: [{ ok: true }, { ok: false }] });
    expect(calls.at(-1)).toBe("prove api worker");
  });

  it("leaves an app with an env file to `up`, and goes on when that has been there", async () => {
    const apps = { ...declaration.apps, worker: { ...declaration.apps.worker, project: "shop", inject: "env-file" } };
    const envFile = declare({ projects: declaration.projects, apps });
    const first = world({ declared: envFile });
    expect(await first.run()).toMatchObject({
      outcome: "up first",
      projects: [{ apps: [{ state: "restarted" }, { app: "worker", state: "to be restarted" }] }],
    });
    expect(first.calls).toEqual(["begin", "restart --no-deps api"]);
    const containers = ["api", "worker"].map((app) => container(app, { sinceMs: 60_000 }));
    expect(await world({ declared: envFile, containers }).run()).toMatchObject({ outcome: "silent" });
  });

  it("keeps the old key on request, without a watch", async () => {
    const { run, calls, said } = world();
    expect(await run({ keepOld: true })).toMatchObject({ outcome: "kept" });
    expect(calls.at(-1)).toBe("finish keeping");
    expect(said.join()).not.toContain("nothing uses the old key");
  });

  it("only reports with --dry-run, and has nothing to abort when nothing is under way", async () => {
    const shown = world({ answer: [{ ...SHOP, step: "none" }] });
    expect(await shown.run({ dryRun: true })).toMatchObject({ outcome: "planned", projects: [{ step: "none" }] });
    expect(shown.calls).toEqual(["show"]);
    expect(await world({ answer: [] }).run({ abort: true })).toMatchObject({ outcome: "nothing" });
    await expect(world({ containers: [] }).run()).rejects.toMatchObject({ remedy: "docker compose up -d --wait" });
  });
});

describe("the provisioner's answer", () => {
  const request: RotateRequest = { verb: "begin", apps: [], keepOld: false };
  const answering = (...lines: string[]) =>
    rotationAsker(
      fakeDocker({
        compose: {
          async run(_service, _args, options = {}) {
            expect(JSON.parse(options.stdin ?? "")).toEqual(request);
            for (const line of lines) options.onStdoutLine?.(line);
            return answers({ code: 1, stderr: "one\ntwo\n" });
          },
        },
      }),
    )(request);

  it("is found between Compose's own lines", async () => {
    expect(await answering("Container x Creating", '{"level":"warning"}', '{"projects":[]}')).toEqual([]);
  });

  it("as an error keeps its code and remedy", async () => {
    const error = { code: "GC1203", message: "was not ready", remedy: "See the log" };
    await expect(answering(JSON.stringify({ error }))).rejects.toMatchObject({ ...error, exitCode: 4 });
  });

  it("that is none says how to get a newer one", async () => {
    await expect(answering("nothing to change")).rejects.toMatchObject({
      code: "GC1605",
      problems: ["one", "two"],
      remedy: expect.stringContaining("init"),
    });
  });
});
