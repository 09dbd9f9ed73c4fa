import { describe, expect, it } from "vitest";
import { readValkeyMemory, valkeyProblem } from "../../../src/running/index.ts";
import { observeStack } from "../../../src/running/observe.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";

const MIB = 1024 ** 2;

/** As valkey-cli answers, with its line ends. */
const info = (used: number, limit: number, refused = 0) =>
  [
    "# Memory",
    `used_memory:${used}`,
    "used_memory_human:1.00M",
    `maxmemory:${limit}`,
    "maxmemory_policy:noeviction",
    "mem_not_counted_for_evict:1024",
    "",
    "# Errorstats",
    ...(refused > 0 ? [`errorstat_OOM:count=${refused}`] : []),
  ].join("\r\n");

async function asked(stdout: string, code = 0) {
  const docker = fakeDocker({
    config: { services: { "glitchtip-valkey": {} } },
    containers: [container("glitchtip-valkey")],
    cli: async () => answers({ stdout, code }),
  });
  return await readValkeyMemory(docker, await observeStack(docker));
}

describe("Valkey's memory", () => {
  it("is read with what it has refused", async () => {
    expect(await asked(info(10 * MIB + 1024, 64 * MIB, 7))).toEqual({
      usedBytes: 10 * MIB,
      limitBytes: 64 * MIB,
      refused: 7,
    });
  });

  it("is read with the jobs that wait in it, those that were taken included", async () => {
    const commands: string[] = [];
    const docker = fakeDocker({
      config: { services: { "glitchtip-valkey": {} } },
      containers: [container("glitchtip-valkey")],
      cli: async (args) => {
        commands.push(args.at(-1) ?? "");
        return answers({ stdout: args.includes("sh") ? "3\n" : info(10 * MIB, 64 * MIB) });
      },
    });
    expect(await readValkeyMemory(docker, await observeStack(docker), "celery")).toMatchObject({ waiting: 3 });
    expect(commands.at(-1)).toBe("echo $(($(valkey-cli LLEN 'celery') + $(valkey-cli HLEN unacked)))");
  });

  it.each([
    ["no limit", info(10 * MIB, 0), 0],
    ["no answer", "NOAUTH Authentication required.", 0],
    ["an error", "", 1],
  ])("is not known with %s", async (_, stdout, code) => {
    expect(await asked(stdout, code)).toBeUndefined();
  });

  it("is a problem when it is full, not when it once was", () => {
    expect(valkeyProblem({ usedBytes: 63 * MIB, limitBytes: 64 * MIB, refused: 12 })).toMatch(
      /^Valkey is full \(63 MiB of 64 MiB\), so events are refused; it has refused 12 writes/,
    );
    expect(valkeyProblem({ usedBytes: 10 * MIB, limitBytes: 64 * MIB, refused: 12 })).toBeUndefined();
  });
});
