import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseDsn } from "../../src/glitchtip/dsn.ts";
import { describeOnEngine } from "./support/engine.ts";
import { postEvent } from "./support/event-flow.ts";
import { readEvent } from "./support/server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

/** The stand-in stores some five events a second. */
const EVERY_MS = 300;

describeOnEngine("while events come in, the database restarts", () => {
  let stack: Stack;
  const startOf = async (service: string) => (await stack.container(service)).State.StartedAt;

  beforeAll(async () => {
    stack = await Stack.sample("--image", "glitchtip/glitchtip:v5.1.1");
    await stack.up();
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  /** Does something to the stack while events are sent, and reads each back that the server has accepted. */
  async function amidEvents(work: () => Promise<void>): Promise<void> {
    const parts = parseDsn((await stack.variable("app", "SENTRY_DSN")) ?? "");
    if (parts === undefined) throw new Error("no DSN");
    const accepted: string[] = [];
    let flows = true;
    const flow = (async () => {
      while (flows) {
        const id = randomUUID().replaceAll("-", "");
        const outcome = await postEvent(stack, parts, id).catch(() => 0);
        if (outcome === 200) accepted.push(id);
        await pause(EVERY_MS);
      }
    })();
    const more = async () => {
      const wanted = accepted.length + 5;
      await until("more events are accepted", async () => (accepted.length >= wanted ? true : undefined));
    };
    try {
      await more();
      const databaseStart = await startOf("glitchtip-db");
      await work();
      expect(await startOf("glitchtip-db")).not.toBe(databaseStart);
      await more();
    } finally {
      flows = false;
      await flow;
    }
    for (const id of accepted) await readEvent(stack, "app", id);
    expect((await stack.project.cli(["status"])).code).toBe(0);
  }

  it("for a new password, and every event that was accepted is stored", async () => {
    await amidEvents(async () => {
      const { code, stdout, stderr } = await stack.project.cli(["secrets", "rotate", "db-password", "--yes", "--json"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("letting the worker finish") });
      expect(JSON.parse(stdout).restarted).toEqual(["glitchtip-db", "glitchtip", "glitchtip-worker"]);
    });
  });

  it("for another limit by `up`, and every event that was accepted is stored", async () => {
    stack.override("services:\n  glitchtip-db:\n    mem_limit: 600m\n");
    await amidEvents(async () => {
      const { code, stderr } = await stack.project.cli(["up"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("letting the worker finish") });
    });
  });

  it("and a Valkey that takes no more is told by status and doctor", async () => {
    const limit = (await stack.exec("glitchtip-valkey", "valkey-cli", "config", "get", "maxmemory")).stdout.split("\n");
    const set = (bytes: string) => stack.exec("glitchtip-valkey", "valkey-cli", "config", "set", "maxmemory", bytes);
    await set("1000000");
    for (const command of ["status", "doctor"]) {
      const { code, stdout } = await stack.project.cli([command]);
      expect(stdout, command).toContain("Valkey is full");
      expect(code, command).toBe(1);
    }
    await set(limit[1]?.trim() ?? "");
    expect((await stack.project.cli(["status"])).code).toBe(0);
  });
});
