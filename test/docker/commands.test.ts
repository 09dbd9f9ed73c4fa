import { afterAll, beforeAll, expect, it } from "vitest";
import { asTyped, ON_A_STACK } from "../process/documented/on-a-stack.ts";
import { wordsOf } from "../support/documented-lines.ts";
import { runInProcess } from "../support/in-process-cli.ts";
import { describeOnEngine } from "./support/engine.ts";
import { postgresErrors } from "./support/postgres-errors.ts";
import { type TestProject, temporaryProject } from "./support/project.ts";
import { until } from "./support/until.ts";

const COMPOSE = `
services:
  api:
    image: node:24-slim
    entrypoint: []
    command: [sleep, infinity]
    init: true
  web:
    image: busybox:1
    entrypoint: [sleep]
    command: ["100000"]
    init: true
    read_only: true
    volumes: ["uploads:/uploads"]
  tool:
    image: busybox:1
    entrypoint: [sleep]
    command: ["100000"]
    init: true
    profiles: [tools]
volumes: {uploads: {}}
`;

describeOnEngine("verify, status, doctor and down on a running stack", () => {
  let project: TestProject;
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await project.cli([...args, "--json"]);
    return { code, stderr, data: JSON.parse(stdout) };
  };

  beforeAll(async () => {
    project = await temporaryProject({ "compose.yaml": COMPOSE });
    const apps = ["--app", "api=shop-api", "--app", "web=shop-web"];
    expect(await project.cli(["init", "--yes", ...apps])).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await project[Symbol.asyncDispose]();
  });

  it("before the start: nothing to fix, nothing started, and verify says how to start", async () => {
    expect(await json("doctor")).toMatchObject({ code: 0, data: { ok: true } });
    expect(await json("status")).toMatchObject({ code: 1, data: { state: "not started" } });
    expect(await json("verify")).toMatchObject({
      code: 1,
      data: { error: { code: "GC1605", remedy: "docker compose up -d --wait" } },
    });
  });

  it("beside a database without tables: status and doctor ask none of them", async () => {
    await project.compose("up", "-d", "--wait", "glitchtip-db");
    expect((await json("status")).code).toBe(1);
    await json("doctor");
    expect(await postgresErrors(project)).toEqual([]);
  });

  it("verify reads back an event of every app, sent with what its image has", async () => {
    await project.compose("up", "-d", "--wait");
    const { code, data } = await json("verify");
    expect(data.apps).toEqual([
      {
        app: "api",
        project: "shop-api",
        eventId: expect.stringMatching(/^[0-9a-f]{32}$/),
        audience: "container",
        ok: true,
        via: "node",
        ms: expect.any(Number),
        issues: expect.stringMatching(/^http:\/\/localhost:\d+\/[\w-]+\/issues\?project=\d+$/),
        event: expect.stringMatching(/^http:\/\/localhost:\d+\/[\w-]+\/issues\/\d+\/events\/[0-9a-f]{32}$/),
      },
      {
        app: "web",
        project: "shop-web",
        eventId: expect.stringMatching(/^[0-9a-f]{32}$/),
        audience: "container",
        ok: true,
        via: "wget",
        ms: expect.any(Number),
        issues: expect.stringMatching(/^http:\/\/localhost:\d+\/[\w-]+\/issues\?project=\d+$/),
        event: expect.stringMatching(/^http:\/\/localhost:\d+\/[\w-]+\/issues\/\d+\/events\/[0-9a-f]{32}$/),
      },
    ]);
    expect(code).toBe(0);
  });

  it("status knows every service, the server's version and each app's DSN, and shows none", async () => {
    const { code, data } = await json("status");
    expect(code).toBe(0);
    expect(data).toMatchObject({
      project: project.name,
      state: "ok",
      url: `http://localhost:${project.ports.glitchtip}`,
      provisioner: { state: "ok" },
      apps: [
        { app: "api", dsn: "proved", variables: ["SENTRY_DSN"] },
        { app: "web", dsn: "proved" },
      ],
      next: [],
    });
    expect(data.services.map(({ service }: { service: string }) => service)).toEqual([
      "glitchtip-setup",
      "glitchtip-db",
      "glitchtip-init",
      "glitchtip",
      "glitchtip-provision",
      "api",
      "web",
    ]);
    expect(JSON.stringify(data)).not.toMatch(/[0-9a-f]{32}/);
  });

  it("doctor finds the running stack in order, and its ports its own", async () => {
    const { code, data } = await json("doctor");
    expect(data.findings.filter(({ level }: { level: string }) => level !== "ok")).toEqual([]);
    expect(code).toBe(0);
  });

  it("none of these, nor a further `up`, leaves an error in Postgres's log, and `logs --errors` shows nothing", async () => {
    expect(await project.cli(["up"])).toMatchObject({ code: 0 });
    expect(await postgresErrors(project)).toEqual([]);
    expect(await project.cli(["logs", "--errors"])).toMatchObject({ code: 0, stdout: "" });
  });

  it.each(ON_A_STACK)("%s, as the pages have it", async (line) => {
    const typed = asTyped(line);
    // What a program in a container says goes to stdout, which is the test's own here, unless it is data.
    const argv = /^(?:psql|manage|shell) /.test(typed) ? ["--json", ...wordsOf(typed)] : wordsOf(typed);
    const { code, stdout, stderr } = await runInProcess(project.dir, argv, process.env);
    expect(code, `${stdout}${stderr}`).toBe(0);
  });

  it("verify goes on with the other apps when one is stopped, and leaves no container behind", async () => {
    await project.compose("stop", "-t", "1", "api");
    const before = await project.containers();
    const { code, data } = await json("verify");
    expect(code).toBe(1);
    expect(data.apps).toMatchObject([
      { app: "api", ok: false, error: { code: "GC1605", message: expect.stringContaining("is not running") } },
      { app: "web", ok: true },
    ]);
    expect(await json("verify", "api")).toMatchObject({ code: 1, data: { apps: [{ ok: false }] } });
    expect(await project.containers()).toEqual(before);
  });

  it("verify that is interrupted leaves no container behind either", async () => {
    const before = await project.containers();
    const stop = new AbortController();
    const run = project.cli(["verify", "web"], { signal: stop.signal }).catch(() => undefined);
    const readBack = async () => (await project.containers()).find((name) => name.includes("-run-"));
    await until("the read-back container", readBack);
    stop.abort(new Error("interrupted"));
    await run;
    expect(await project.containers()).toEqual(before);
  });

  it("status and doctor tell what is broken", async () => {
    await project.compose("stop", "-t", "1", "glitchtip");
    expect(await json("status")).toMatchObject({
      code: 1,
      data: { state: "broken", next: expect.arrayContaining([expect.stringContaining("glitchtip")]) },
    });
    expect(await json("doctor")).toMatchObject({ code: 1, data: { ok: false } });
  });

  it("down keeps the data, lists what goes before it goes, and removes data only when told", async () => {
    const uploads = `${project.name}_uploads`;
    const { data: ours } = await json("down", "--volumes", "--dry-run");
    expect(ours.removed.volumes).not.toContain(uploads);
    expect(ours.kept.volumes).toEqual([uploads]);
    const { data: listed } = await json("down", "--volumes", "--with-my-volumes", "--dry-run");
    expect(listed.removed.volumes).toContain(uploads);
    for (const flags of [[], ["--yes"]])
      expect(await json("down", "--volumes", ...flags)).toMatchObject({ code: 2, data: { error: { code: "GC1002" } } });
    await project.compose("--profile", "tools", "up", "-d", "tool");
    const { code, data } = await json("down");
    expect(code).toBe(0);
    expect(await project.containers()).toEqual([]);
    expect(data.kept.volumes).toEqual(listed.removed.volumes);
    expect(await json("down", "--volumes", "--confirm", project.name)).toMatchObject({
      code: 0,
      data: { removed: { volumes: ours.removed.volumes }, kept: { volumes: [uploads] } },
    });
    expect(await json("down", "--volumes", "--with-my-volumes", "uploads", "--confirm", project.name)).toMatchObject({
      code: 0,
      data: { removed: { volumes: [uploads] } },
    });
  });
});
