import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { killAndAwait } from "./support/event-flow.ts";
import { inventory, readEvent } from "./support/server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

/** What the provisioner has just said when it is killed; undefined: as soon as its container runs. */
const MOMENTS = [
  undefined,
  /created API token/,
  /created organization/,
  /created team/,
  /created project/,
  /sent an event/,
] as const;

/** A step then takes a tenth of a second or more, and a kill hits the wanted one. */
const SLOW = "services: { glitchtip-provision: { cpus: 0.05 } }\n";

describeOnEngine("the provisioner, killed by SIGKILL", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.sample();
    await stack.up({ args: ["glitchtip"] });
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it.each(MOMENTS.map((after, i) => ({ when: after?.source ?? "it has started", after, name: `Acme ${i}` })))(
    "after “$when”: the next `up` ends with one of everything",
    async ({ after, name }) => {
      // As on the first run, with another organization each time: the server is kept.
      stack.write(
        "glitchtip.yaml",
        stack.read("glitchtip.yaml").replace(/^organization: .*$/m, `organization: ${name}`),
      );
      await stack.init();
      stack.override(SLOW);
      await stack.loseVolume("glitchtip-state", "app", "glitchtip-provision");
      for (const volume of ["glitchtip-dsn", "glitchtip-dsn-app"]) {
        await stack.loseVolume(volume, "app", "glitchtip-provision");
      }
      await stack.compose(["create", "glitchtip-provision"]);
      const { Id } = await stack.container("glitchtip-provision");

      // Attached before it starts, so that no line is missed.
      let killed: Promise<unknown> | undefined;
      const kill = (line: string) => {
        if (after?.test(line)) killed ??= stack.project.docker(["kill", "-s", "KILL", Id]);
      };
      const run = stack.project.docker(["start", "-a", Id], { onStderrLine: kill });
      if (after === undefined) {
        await until("the provisioner runs", async () => {
          const { State } = await stack.container("glitchtip-provision");
          return State.StartedAt.startsWith("0001") ? undefined : true;
        });
        killed = stack.project.docker(["kill", "-s", "KILL", Id]);
      }
      const { code } = await run;
      await killed;
      expect(code).toBe(137);

      stack.override();
      await stack.up();
      expect(await stack.answeringApp()).toMatchObject({ reporting: true });
      expect(await inventory(stack, name)).toEqual({
        organizations: [name],
        teams: ["developers"],
        projects: ["app"],
        keys: [expect.stringMatching(/^app /)],
        tokens: ["glitchtip-compose"],
      });
    },
  );
});

describeOnEngine("what was killed as by the kernel comes back by itself, and events go on:", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.sample("--topology", "split");
    await stack.up();
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it.each(["glitchtip-db", "glitchtip", "glitchtip-worker", "app"])("%s", async (service) => {
    await killAndAwait(stack, service);
    // Nothing ended because another one was killed.
    expect((await stack.container(service)).RestartCount).toBe(1);
    const eventId = await until("the app's error is accepted", async () => {
      return (await stack.app<{ eventId?: string }>("/error"))?.eventId;
    });
    await readEvent(stack, "app", eventId);
  });
});
