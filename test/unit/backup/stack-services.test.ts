import { describe, expect, it } from "vitest";
import { StackServices } from "../../../src/backup/stack-services.ts";
import type { StackContext } from "../../../src/backup/stack-sources.ts";
import { silentLog } from "../../../src/base/log.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";

/** Stops a stack whose Valkey keeps its queue in a volume. `flush` is the answer of valkey-cli. */
async function stopped(flush: ReturnType<typeof answers>, valkey: { state: string }) {
  const calls: string[] = [];
  const names = ["glitchtip-db", "glitchtip-valkey", "glitchtip", "glitchtip-worker", "api"];
  const docker = fakeDocker({
    config: { services: Object.fromEntries(names.map((name) => [name, {}])) },
    containers: names.map((name) => container(name, name === "glitchtip-valkey" ? valkey : {})),
    compose: { up: async ({ services = [] } = {}) => void calls.push(`up ${services.join(" ")}`) },
    cli: async (args) => {
      calls.push(args.join(" "));
      return args.includes("flushall") ? flush : answers();
    },
  });
  const { signal } = new AbortController();
  const services = await StackServices.open({ docker, signal, log: silentLog } as StackContext);
  return { calls, stopping: services.stop() };
}

describe("before a database is replaced", () => {
  it("stops the services that write but not the apps, and empties the queue even where Valkey did not run", async () => {
    const { calls, stopping } = await stopped(answers({ stdout: "OK\n" }), { state: "exited" });
    await stopping;
    expect(calls).toEqual([
      "compose --profile * stop glitchtip glitchtip-worker",
      "up glitchtip-valkey",
      "exec id-glitchtip-valkey valkey-cli flushall",
      "compose --profile * stop glitchtip-valkey",
    ]);
  });

  it.each([
    ["NOAUTH Authentication required.", answers({ stdout: "NOAUTH Authentication required.\n" })],
    ["Could not connect", answers({ code: 1, stderr: "Could not connect\n" })],
  ])("stops where the old queue cannot be emptied: %s", async (text, answer) => {
    const { calls, stopping } = await stopped(answer, { state: "running" });
    await expect(stopping).rejects.toMatchObject({ code: "GC1605", problems: [text] });
    expect(calls.at(-1)).toContain("flushall");
  });
});

describe("the database that a restore needs", () => {
  it("is started and not replaced, because web and worker may use it", async () => {
    const calls: string[] = [];
    const docker = fakeDocker({
      config: { services: { "glitchtip-db": {}, glitchtip: {} } },
      compose: {
        up: async ({ services = [], flags = [] } = {}) => void calls.push([...flags, ...services].join(" ")),
      },
    });
    const { signal } = new AbortController();
    await (await StackServices.open({ docker, signal, log: silentLog } as StackContext)).prepare();
    expect(calls).toEqual(["--detach --wait --no-recreate glitchtip-db", "--no-start --no-recreate glitchtip"]);
  });
});
