import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { serversIn } from "../../../src/management/index.ts";
import { openCache } from "../../../src/service/cache.ts";
import { execute } from "../../../src/service/execute.ts";
import { built } from "../../support/built.ts";
import { startServer } from "../../support/emulator.ts";
import { serverText, startService } from "../../support/service.ts";
import { memoryStore } from "../../support/service-api.ts";
import { openWorkers } from "../../support/service-workers.ts";
import { hasValkey, noValkey } from "../../support/valkey.ts";

it("keeps its heap small, however it is started: the options of V8 stand before all modules", () => {
  const [code] = readFileSync(built("serve.mjs"), "utf8")
    .split("\n")
    .filter((line) => !line.startsWith("//"));
  expect(code).toMatch(
    /^import\{setFlagsFromString as (\w+)\}from"node:v8";\1\("--semi-space-growth-factor=1 --optimize-for-size"\);/,
  );
});

it.each([true, false])("leaves its locks to its next attempt, if there is one: %s", async (isTriedAgain) => {
  await using emulator = await startServer({ seed: { projects: 1 } });
  const done: string[] = [];
  const store = memoryStore();
  const key = (...parts: readonly string[]) => parts.join(":");
  const lost = new CodedError("GC2008", "lost");
  const locks = {
    check: () => Promise.reject(lost),
    leave: () => void done.push("left"),
    [Symbol.asyncDispose]: async () => void done.push("disposed"),
  };
  const { signal } = new AbortController();
  const onError = () => {};
  const context = {
    engine: { store, key, lockServers: async () => locks },
    clock: systemClock,
    log: silentLog,
    env: { TOKEN_ONE: emulator.mintToken() },
    signal,
    cache: openCache({ store, key }, undefined, { now: Date.now, onError }),
    onError,
  };
  const servers = serversIn("/", "one.yaml", serverText("one", emulator.url));
  const work = {
    run: "run-1",
    kind: "apply",
    servers,
    strict: false,
    fresh: true,
    isTriedAgain: () => isTriedAgain,
  } as const;
  await expect(execute(context, work)).rejects.toBe(lost);
  expect(done).toEqual(isTriedAgain ? ["left", "disposed"] : ["disposed"]);
  expect(emulator.snapshot().alerts).toEqual([]);
});

describe.skipIf(!hasValkey)(`a run of the service${noValkey}`, () => {
  it("is followed by its events, is answered from the cache only where it may be, and is finished at a stop", async () => {
    await using service = await startService();
    const emulator = service.emulators.one;
    const { ask, cli, url } = await service.start("--api", "--worker");
    const token = await service.token("--scope", "plan", "--scope", "apply");
    const reads = () => emulator?.requests.filter(({ method }) => method === "GET").length ?? 0;
    const readsOf = async (path: string) => {
      const before = reads();
      const { body } = await ask("POST", path, token, { servers: ["one"] });
      expect((await ask("GET", `${body.status_url}?timeout=30`, token)).body.status).toBe("success");
      return reads() - before;
    };
    const all = await readsOf("/api/v1/plan");
    expect(all).toBeGreaterThan(0);
    expect(await readsOf("/api/v1/plan")).toBe(0);
    expect(await readsOf("/api/v1/plan?fresh=true")).toBe(all);
    expect(await readsOf("/api/v1/plan")).toBe(0);

    // A write takes a while, so that the stream is open before it ends.
    emulator?.fault({ method: "POST", path: /alerts/, effect: { kind: "delay", delayMs: 3_000 } });
    const before = reads();
    const { body } = await ask("POST", "/api/v1/apply", token, { servers: ["one"] });
    const stream = await fetch(new URL(`/api/v1/runs/${body.id}/events`, url), {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    const events = (await stream.text())
      .trim()
      .split("\n\n")
      .map((text) => text.split("\n").map((line) => line.replace(/^(event|data): /, "")))
      .map(([event, data = ""]) => ({ event, data: JSON.parse(data) }));
    expect(events.at(0)).toMatchObject({ event: "status" });
    expect(events.filter(({ event }) => event === "action").map(({ data }) => data)).toMatchObject([
      { result: "applied", action_type: "create", kind: "alert", name: "errors" },
      { result: "applied", action_type: "delete", kind: "alert", name: "alert-1" },
    ]);
    expect(events.at(-1)).toEqual({ event: "end", data: { status: "success" } });
    // The apply has read anew, and its writes have made what was kept invalid.
    expect(reads() - before).toBeGreaterThanOrEqual(all);
    expect(await readsOf("/api/v1/plan")).toBe(all);

    service.declare("one.yaml", serverText("one", emulator?.url ?? "", "other"));
    emulator?.fault({ method: "POST", path: /alerts/, effect: { kind: "delay", delayMs: 1_500 } });
    const writes = () => emulator?.requests.filter(({ method }) => method !== "GET").length ?? 0;
    const sent = writes();
    const reading = reads();
    const last = await ask("POST", "/api/v1/apply", token, { servers: ["one"] });
    while (reads() === reading) await systemClock.sleep(5);
    cli.kill("SIGTERM");
    expect((await cli.ended).code).toBe(0);
    expect(writes() - sent).toBe(2);
    const other = await service.start("--api");
    const ended = await other.ask("GET", last.body.status_url, token);
    expect(ended.body).toMatchObject({ status: "success", report: { applied_count: 2 } });
    expect(emulator?.snapshot().alerts).toMatchObject([{ name: "other" }]);
  }, 120_000);

  it("is handed back by a worker that stops before its end, and another worker finishes it before other runs", async () => {
    await using emulator = await startServer({ seed: { projects: 1 } });
    emulator.fault({ method: "POST", path: /alerts/, effect: { kind: "hang", acted: true } });
    await using workers = await openWorkers();
    workers.env.TOKEN_ONE = emulator.mintToken();
    const first = workers.start(1);
    const applied = workers.apply("run-1", serversIn("/", "one.yaml", serverText("one", emulator.url)));
    while (!emulator.requests.some(({ method }) => method === "POST")) await systemClock.sleep(5);
    const later = workers.apply("run-2", serversIn("/", "one.yaml", serverText("one", emulator.url, "later")));
    await first.stop(50);
    expect(await workers.record("run-1")).toMatchObject({ state: "running" });
    workers.start(1);
    const [before, after] = await Promise.all([applied, later]);
    expect([before, after]).toMatchObject([
      { state: "success", report: { applied_count: 0, errors: [] } },
      { state: "success", report: { applied_count: 2, errors: [] } },
    ]);
    expect(emulator.snapshot().alerts).toMatchObject([{ name: "later" }]);
  }, 60_000);
});
