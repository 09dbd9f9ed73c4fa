import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { changeSecret } from "../../../src/secrets/change.ts";
import { secretProgress } from "../../../src/secrets/managed-secrets.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { declare } from "../../support/provisioning.ts";
import { type SimulatedStack, simulatedStack } from "../../support/simulated-stack.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

const { signal } = new AbortController();
const PAUSED = ["glitchtip", "glitchtip-worker"];

const rotate = (dir: string, { docker }: SimulatedStack) =>
  changeSecret(
    {
      dir,
      docker,
      signal,
      declaration: declare(),
      clock: fakeClock(),
      random: randomBytes,
      accounts: {} as never,
      say: () => {},
    },
    "db_password",
  );

describe("a rotation of the database's password", () => {
  it("stops intake, lets the worker finish, and restarts the database alone", async () => {
    using folder = new TemporaryFolder();
    const atStop: unknown[] = [];
    const stack = simulatedStack({
      onDatabaseStop: (running, queue) =>
        atStop.push(
          PAUSED.map((name) => running.has(name)),
          queue,
        ),
    });
    const { restarted } = await rotate(folder.path, stack);
    expect(atStop).toEqual([[false, false], 0]);
    expect(stack.calls).toEqual([
      "write secret",
      "stop glitchtip",
      "stop glitchtip glitchtip-worker",
      "set password",
      "promote secret",
      "restart glitchtip-db",
      "up glitchtip-db",
      "restart glitchtip glitchtip-worker",
      "up glitchtip glitchtip-worker",
    ]);
    expect(restarted).toEqual(["glitchtip-db", ...PAUSED]);
    expect(stack.password).toEqual({ database: stack.password.value, value: expect.stringMatching(/^.{32}$/) });
  });

  it("goes on at its deadline where the worker does not finish, and loses no job", async () => {
    using folder = new TemporaryFolder();
    const stack = simulatedStack({ queue: 1e9 });
    await rotate(folder.path, stack);
    expect(stack.queue).toBeGreaterThan(1e8);
    expect(stack.running).toContain("glitchtip-worker");
  });

  it.each(["before", "after"] as const)(
    "serves on whichever call fails %s it has worked, with the password that the database has, and ends next time",
    async (when) => {
      const all = await (async () => {
        using folder = new TemporaryFolder();
        const stack = simulatedStack();
        await rotate(folder.path, stack);
        return stack.calls;
      })();
      for (const [i, name] of all.entries()) {
        const what = `call ${i + 1}, ${name}`;
        using folder = new TemporaryFolder();
        const stack = simulatedStack({ failing: [i + 1], when });
        const failed = await rotate(folder.path, stack).then(
          () => false,
          () => true,
        );
        // A promotion that did its work before it failed is taken for done.
        expect(failed, what).toBe(!(when === "after" && name === "promote secret"));
        for (const service of PAUSED) expect(stack.running, what).toContain(service);
        expect(stack.password.database, what).toBe(stack.password.value);

        await rotate(folder.path, stack);
        for (const service of ["glitchtip-db", ...PAUSED]) expect(stack.running, what).toContain(service);
        expect(stack.password, what).toEqual({ database: stack.password.value, value: stack.password.value });
        expect(stack.password.value, what).not.toBe("old");
        expect(secretProgress.read(folder.path), what).toBeUndefined();
      }
    },
  );

  it("ends with the next run where a step and any step of its undo fail", async () => {
    const callsWith = async (failing: readonly number[]) => {
      using folder = new TemporaryFolder();
      const stack = simulatedStack({ failing, when: "after" });
      const outcome = await rotate(folder.path, stack).catch(() => undefined);
      const calls = [...stack.calls];
      if (outcome === undefined) await rotate(folder.path, stack);
      const what = `failing: ${failing.map((nth) => calls[nth - 1]).join(", then ")}`;
      for (const service of ["glitchtip-db", ...PAUSED]) expect(stack.running, what).toContain(service);
      expect(stack.password, what).toEqual({ database: stack.password.value, value: stack.password.value });
      expect(secretProgress.read(folder.path), what).toBeUndefined();
      return calls.length;
    };
    let undoSteps = 0;
    const count = await callsWith([]);
    for (let first = 1; first <= count; first++) {
      const failed = await callsWith([first]);
      for (let second = first + 1; second <= failed; second++, undoSteps++) await callsWith([first, second]);
    }
    expect(undoSteps).toBeGreaterThan(8);
  });
});
