import { describe, expect, it } from "vitest";
import { newRestore } from "../../../src/backup/restore/progress.ts";
import { Restore } from "../../../src/backup/restore/steps.ts";
import { StackServices } from "../../../src/backup/stack-services.ts";
import type { StackContext } from "../../../src/backup/stack-sources.ts";
import { silentLog } from "../../../src/base/log.ts";
import { pauseIntake, resumeIntake } from "../../../src/running/intake.ts";
import { restartServices, withoutLoss } from "../../../src/running/restart.ts";
import { startStack } from "../../../src/running/up.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";
import { manifestWith } from "../../support/manifest.ts";
import { declare } from "../../support/provisioning.ts";
import { type SimulatedOptions, simulatedStack } from "../../support/simulated-stack.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

const { signal } = new AbortController();
const PAUSED = ["glitchtip", "glitchtip-worker"];

function contextOf({ docker }: { readonly docker: ReturnType<typeof fakeDocker> }) {
  const said: string[] = [];
  const clock = fakeClock();
  return { docker, clock, signal, queue: "celery" as const, said, say: (line: string) => void said.push(line) };
}

/** What ran, and how many jobs waited, when the database was stopped. */
function watched(options: SimulatedOptions = {}) {
  const atStop: { readonly ran: readonly string[]; readonly queue: number }[] = [];
  const stack = simulatedStack({
    ...options,
    onDatabaseStop: (running, queue) => atStop.push({ ran: PAUSED.filter((name) => running.has(name)), queue }),
  });
  return { stack, atStop };
}

describe("before the database restarts", () => {
  const up = (docker: ReturnType<typeof fakeDocker>) =>
    startStack({ dir: "/nonexistent", docker, clock: fakeClock(), signal, say() {}, warn() {} }, declare());

  it("`up` with another limit of the database stops intake and lets the worker finish", async () => {
    const { stack, atStop } = watched({ databaseHash: "other" });
    await up(stack.docker);
    expect(atStop).toEqual([{ ran: [], queue: 0 }]);
    expect([...stack.running]).toEqual(expect.arrayContaining(PAUSED));
  });

  it("`up` that replaces nothing stops nothing", async () => {
    const { stack } = watched();
    await up(stack.docker);
    expect(stack.calls).toEqual(["up"]);
  });

  it("`restart db` stops intake, and web and worker start after the database", async () => {
    const { stack, atStop } = watched();
    const context = contextOf(stack);
    const services = ["glitchtip-db", ...PAUSED];
    await withoutLoss(context, services, () => restartServices(context, services));
    expect(atStop).toEqual([{ ran: [], queue: 0 }]);
    const [database = 0, ...others] = services.map((name) => stack.started.get(name) ?? 0);
    expect(others.every((nth) => nth > database)).toBe(true);
  });

  it("a restore lets the worker finish before it empties the queue and copies what is there", async () => {
    using folder = new TemporaryFolder();
    const stack = simulatedStack();
    const workspace = { dir: folder.path, declaration: declare(), env: {}, composeFiles: [] };
    const context = {
      ...contextOf(stack),
      workspace,
      toolVersion: "1",
      log: silentLog,
    } as unknown as StackContext;
    const backup = { path: folder.path, manifest: manifestWith() };
    const services = await StackServices.open(context);
    const options = { backup, contents: { files: [], state: undefined } };
    const restore = new Restore(context, options, services, newRestore(backup, services.running));
    // The simulated database cannot be dumped: what came before that is of interest here.
    await expect(restore.execute()).rejects.toThrow();
    expect(stack.calls.slice(0, 4)).toEqual([
      "stop glitchtip",
      "stop glitchtip glitchtip-worker",
      "stop glitchtip glitchtip-worker glitchtip-setup",
      "up glitchtip-valkey",
    ]);
    expect(stack.calls).toContain("flush 0 jobs");
  });

  it("a restart of the worker alone stops no intake", async () => {
    const { stack } = watched();
    const context = contextOf(stack);
    await withoutLoss(context, ["glitchtip-worker"], () => restartServices(context, ["glitchtip-worker"]));
    expect(stack.calls).toEqual(["restart glitchtip-worker", "up glitchtip-worker"]);
  });

  it.each([
    { output: "Health check exceeded timeout (5s)", ends: "up again" },
    { output: "connection refused", ends: "GC1605" },
  ])(
    "a restart waits for a server whose health checks are late, and for no other: $output",
    async ({ output, ends }) => {
      let [ups, looks] = [0, 0];
      const docker = fakeDocker({
        config: { services: { glitchtip: {} } },
        engine: {
          containers: async () => [
            container("glitchtip", looks++ < 4 ? { health: "unhealthy", healthOutput: output } : { health: "healthy" }),
          ],
        },
        cli: async (args) => answers({ code: args.includes("up") && ++ups === 1 ? 1 : 0 }),
      });
      const outcome = await restartServices(contextOf({ docker }), ["glitchtip"]).then(
        () => "up again",
        (error: { readonly code?: string }) => error.code,
      );
      expect(outcome).toBe(ends);
    },
  );

  it.each([1, 2])("starts everything again where call %i of the pause fails", async (nth) => {
    const { stack } = watched({ failing: [nth], when: "after" });
    await expect(pauseIntake(contextOf(stack))).rejects.toThrow("failed");
    expect([...stack.running]).toEqual(expect.arrayContaining(PAUSED));
  });

  it("waits for the batch that Celery has taken out of the database's table", async () => {
    const names = ["glitchtip-db", ...PAUSED];
    const docker = fakeDocker({
      config: { services: Object.fromEntries(names.map((name) => [name, {}])) },
      containers: names.map((name) => container(name)),
      cli: async (args) => answers({ stdout: args[0] === "exec" ? "0|1\n" : "" }),
    });
    const context = contextOf({ docker });
    await pauseIntake(context);
    expect(context.clock.slept).toEqual([2_500]);
  });

  it("stops and starts the programs of the single container", async () => {
    const calls: string[] = [];
    const docker = fakeDocker({
      config: { services: { glitchtip: { environment: { POSTGRES_PASSWORD_FILE: "/f", VALKEY_URL: "valkey://" } } } },
      containers: [container("glitchtip")],
      cli: async (args) => {
        calls.push(args.slice(2).join(" "));
        return answers({ stdout: "0\n" });
      },
    });
    const context = contextOf({ docker });
    await resumeIntake(context, await pauseIntake(context));
    expect(calls.map((call) => call.slice(0, 8))).toEqual(["programs", "sh -c ec", "programs", "programs"]);
    expect(calls.filter((call) => call.startsWith("programs"))).toEqual([
      "programs stop web",
      "programs stop web worker",
      "programs start worker web",
    ]);
  });
});
