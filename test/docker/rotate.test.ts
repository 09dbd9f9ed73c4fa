import { afterAll, beforeAll, expect, it } from "vitest";
import { parseDsn } from "../../src/glitchtip/dsn.ts";
import { sendEmptyEnvelope } from "../../src/glitchtip/ingest.ts";
import { openTransport } from "../../src/glitchtip/transport.ts";
import { openNodeHttp } from "../../src/http/node.ts";
import { describeOnEngine } from "./support/engine.ts";
import { openServer, storedState } from "./support/server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

/** api and worker share a project, web has its own. */
const COMPOSE = `
services:
  api:
    image: node:24-slim
    entrypoint: []
    command: &idle [sh, -c, 'trap "exit 0" TERM; while :; do sleep 1; done']
  worker:
    image: busybox:1
    command: *idle
    healthcheck: { test: ["CMD", "true"], interval: 1s, start_period: 5s, start_interval: 1s }
  web:
    image: busybox:1
    command: *idle
  job:
    image: busybox:1
    command: *idle
    profiles: [jobs]
    environment: { DSN: "$OLD_DSN" }
`;
const APPS = ["--app", "api=shop", "--app", "worker=shop", "--app", "web=web"];

describeOnEngine("rotate", () => {
  let stack: Stack;
  const rotate = async (...args: string[]) => {
    const { code, stdout, stderr } = await stack.project.cli(["rotate", "--json", ...args]);
    return { code, stderr, data: JSON.parse(stdout) };
  };
  const dsnOf = async (app: string) => (await stack.variable(app, "SENTRY_DSN")) ?? "";
  const startOf = async (app: string) => (await stack.container(app)).State.StartedAt;
  /** What the server says to this DSN, sent from outside. */
  const asks = async (dsn: string): Promise<"accepted" | "refused"> => {
    const parts = parseDsn(dsn);
    if (parts === undefined) throw new Error("no DSN");
    const transport = openTransport(openNodeHttp, `http://127.0.0.1:${stack.project.ports.glitchtip}`);
    const signal = AbortSignal.timeout(10_000);
    return await sendEmptyEnvelope(transport, parts, signal).then(
      () => "accepted",
      () => "refused",
    );
  };
  const keys = async (project: string) => {
    const server = await openServer(stack);
    return await server.keys((await storedState(stack)).organization.slug, project);
  };

  beforeAll(async () => {
    stack = await Stack.in({ "compose.yaml": COMPOSE });
    await stack.init("--organization", "Acme", ...APPS);
    await stack.up();
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("begins nothing where nobody can be asked, and shows on request what it would do", async () => {
    expect(await rotate("api")).toMatchObject({ code: 2, data: { error: { code: "GC1002" } } });
    expect(await rotate("apo", "--yes")).toMatchObject({ code: 2, data: { error: { code: "GC1104" } } });
    expect(await rotate("--silent-for", "soon", "--yes")).toMatchObject({ code: 2 });
    expect(await rotate("--abort", "--yes")).toMatchObject({ code: 0, data: { outcome: "nothing" } });
    expect(await rotate("api", "--dry-run")).toMatchObject({
      code: 0,
      data: {
        outcome: "planned",
        projects: [
          {
            project: "shop",
            apps: [
              { app: "api", state: "to be restarted" },
              { app: "worker", state: "to be restarted" },
            ],
          },
        ],
      },
    });
    expect(await keys("shop")).toHaveLength(1);
  });

  it("gives the apps of one project a new key, each proved, and leaves the others alone", async () => {
    const [old, web, webStart] = [await dsnOf("api"), await dsnOf("web"), await startOf("web")];
    const container = (await stack.container("api")).Id;
    const { code, data, stderr } = await rotate("api", "--silent-for", "1s", "--yes");
    expect(data, stderr).toMatchObject({
      outcome: "done",
      projects: [
        {
          project: "shop",
          back: false,
          apps: [
            { app: "api", state: "restarted" },
            { app: "worker", state: "restarted" },
          ],
        },
      ],
      events: [
        { app: "api", ok: true },
        { app: "worker", ok: true },
      ],
      maybe: [],
    });
    expect(code).toBe(0);
    const fresh = await dsnOf("api");
    expect(fresh).not.toBe(old);
    expect(await dsnOf("worker")).toBe(fresh);
    expect((await stack.container("api")).Id).toBe(container);
    expect(await dsnOf("web")).toBe(web);
    expect(await startOf("web")).toBe(webStart);
    expect(await keys("shop")).toHaveLength(1);
    expect(await asks(old)).toBe("refused");
    expect(await asks(fresh)).toBe("accepted");
    const output = JSON.stringify(data) + stderr;
    for (const dsn of [old, fresh]) expect(output).not.toContain(parseDsn(dsn)?.key);
  });

  it("that was killed while it watched goes on where it was, restarts nobody again, and `up` in between changes nothing", async () => {
    const old = await dsnOf("web");
    const stop = new AbortController();
    const watching = stack.project.cli(["rotate", "web", "--yes", "--silent-for", "1h"], {
      signal: stop.signal,
      graceMs: 0,
      onStderrLine: (line) => /nothing uses the old key/.test(line) && stop.abort(new Error("killed")),
    });
    await expect(watching).rejects.toThrow("killed");
    const [fresh, start] = [await dsnOf("web"), await startOf("web")];
    expect(fresh).not.toBe(old);
    expect(await keys("web")).toHaveLength(2);
    await stack.up();
    expect(await dsnOf("web")).toBe(fresh);
    expect(await rotate("--silent-for", "0s", "--yes")).toMatchObject({
      code: 0,
      data: { outcome: "done", projects: [{ project: "web", apps: [{ app: "web", state: "has it already" }] }] },
    });
    expect(await startOf("web")).toBe(start);
    expect(await keys("web")).toHaveLength(1);
    expect(await asks(old)).toBe("refused");
  });

  it("deletes no key that a container still has, names it, and goes back on request", async () => {
    const old = await dsnOf("web");
    await stack.project.docker(["compose", "--profile", "jobs", "up", "-d", "job"], {
      env: { ...process.env, OLD_DSN: old },
    });
    await until("job runs", async () => ((await stack.container("job")).State.Status === "running" ? true : undefined));
    expect(await rotate("web", "--silent-for", "1s", "--yes")).toMatchObject({
      code: 1,
      data: { error: { code: "GC1408", problems: [expect.stringMatching(/container \S+-job-1: .*own environment/)] } },
    });
    expect(await dsnOf("web")).not.toBe(old);
    expect(await asks(old)).toBe("accepted");
    expect(await rotate("--abort", "--silent-for", "1s", "--yes")).toMatchObject({
      code: 0,
      data: { outcome: "done", projects: [{ project: "web", back: true, apps: [{ app: "web", state: "restarted" }] }] },
    });
    expect(await dsnOf("web")).toBe(old);
    expect(await keys("web")).toHaveLength(1);
  });

  it("keeps the old key where it is told to, and passes over an app that does not run", async () => {
    const old = await dsnOf("web");
    await stack.compose(["stop", "-t", "1", "worker"]);
    expect(await rotate("--keep-old")).toMatchObject({
      code: 0,
      data: {
        outcome: "kept",
        projects: [{ apps: [{ state: "restarted" }, { app: "worker", state: "not running" }] }, { project: "web" }],
        events: [{ app: "api" }, { app: "web" }],
      },
    });
    expect(await keys("web")).toHaveLength(2);
    expect(await asks(old)).toBe("accepted");
    expect(await rotate("--abort", "--yes")).toMatchObject({ data: { outcome: "nothing" } });
  });
});
