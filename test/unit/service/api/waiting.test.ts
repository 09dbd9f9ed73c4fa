import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { RunRecord } from "../../../../src/service/run-store.ts";
import { openTestApi, RUNNING, testEvents } from "../../../support/service-api.ts";

async function withRun() {
  const { events, emit } = testEvents();
  const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const revoked = join(folder, "revoked");
  writeFileSync(revoked, "");
  const api = await openTestApi({ streams: [events], revoked });
  await api.runs.put(RUNNING);
  const reads = vi.spyOn(api.runs, "get");
  const authorization = `Bearer ${await api.token()}`;
  return {
    ...api,
    emit,
    authorization,
    revoke: () => writeFileSync(revoked, "sub:ci\n"),
    /** Each request that waits reads the run twice: who may see it, and whether it has ended since. */
    waiting: (requests: number) => vi.waitFor(() => expect(reads).toHaveBeenCalledTimes(2 * requests), 10_000),
    get: (url: string) => api.app.inject({ url, headers: { authorization } }),
    async end(state: RunRecord["state"]) {
      await api.runs.put({ ...RUNNING, state });
      emit(state === "failed" ? "failed" : "completed", { jobId: RUNNING.id });
    },
  };
}

describe("whoever waits for a run", () => {
  it("is answered by the event of its end", async () => {
    const { get, end, waiting } = await withRun();
    const answers = Promise.all([get("/api/v1/runs/run-1?timeout=60"), get("/api/v1/runs/run-1?timeout=60")]);
    await waiting(2);
    await end("success");
    for (const answer of await answers) expect(answer.json()).toMatchObject({ id: "run-1", status: "success" });
  });

  it("is answered at once where the run has ended, or where no time is given", async () => {
    const { get, end } = await withRun();
    expect((await get("/api/v1/runs/run-1")).json()).toMatchObject({ status: "running" });
    await end("failed");
    expect((await get("/api/v1/runs/run-1?timeout=60")).json()).toMatchObject({ status: "failed" });
  });

  it("gets nothing of the run where the token was revoked meanwhile", async () => {
    const { get, end, waiting, revoke } = await withRun();
    const answer = get("/api/v1/runs/run-1?timeout=60");
    await waiting(1);
    revoke();
    await end("success");
    expect((await answer).statusCode).toBe(401);
    expect((await answer).json()).toMatchObject({ code: "GC2001", message: "Token has been revoked" });
  });

  it("gets 408 with the seconds that were asked for where the run goes on", async () => {
    const { get } = await withRun();
    const answer = await get("/api/v1/runs/run-1?timeout=1");
    expect(answer.statusCode).toBe(408);
    expect(answer.json()).toMatchObject({ code: "GC2006", detail: "Task still pending after 1s" });
  });
});

describe("whoever follows a run", () => {
  it("sees its state, each action as it happens, and its end", async () => {
    const { get, emit, end, waiting } = await withRun();
    const following = get("/api/v1/runs/run-1/events");
    await waiting(1);
    emit("progress", { jobId: "run-1", data: { action_type: "create", name: "errors" } });
    emit("progress", { jobId: "another", data: { name: "not this one" } });
    await end("success");
    const answer = await following;
    expect(answer.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
    expect(answer.body).toBe(
      [
        'event: status\ndata: {"status":"running"}\n\n',
        'event: action\ndata: {"action_type":"create","name":"errors"}\n\n',
        'event: end\ndata: {"status":"success"}\n\n',
      ].join(""),
    );
  });

  it("sees no step from the moment on that the token is revoked", async () => {
    const { app, authorization, emit, end, waiting, revoke } = await withRun();
    await app.listen({ host: "127.0.0.1", port: 0 });
    onTestFinished(() => app.close());
    const { port } = app.server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/api/v1/runs/run-1/events`;
    const { body } = await fetch(url, { headers: { authorization } });
    await waiting(1);
    emit("progress", { jobId: "run-1", data: { name: "before" } });
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("before")) text += (await reader?.read())?.value ?? "";
    revoke();
    emit("progress", { jobId: "run-1", data: { name: "after" } });
    await end("success");
    // The connection is closed.
    await expect(reader?.read()).rejects.toThrow();
    expect(text).not.toContain("after");
  });

  it("sees the end of a run that has ended, and no run of somebody else", async () => {
    const { app, get, end, token } = await withRun();
    await end("failed");
    expect((await get("/api/v1/runs/run-1/events")).body).toMatch(/event: end\ndata: \{"status":"failed"\}\n\n$/);
    const authorization = `Bearer ${await token("other")}`;
    const foreign = await app.inject({ url: "/api/v1/runs/run-1/events", headers: { authorization } });
    expect(foreign.statusCode).toBe(404);
  });
});
