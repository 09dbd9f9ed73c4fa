import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { inventory, readEvent } from "./support/server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const ENGINE = join(import.meta.dirname, "engine/engine.sh");
const asked = process.env.GLITCHTIP_COMPOSE_TEST_ENGINE_RESTART === "1";
const title = "an engine that is stopped and started";

/** All containers of the machine go down with it. It may have been started from another checkout. */
async function engine(command: "down" | "up" | "status"): Promise<string> {
  const folder = /^unix:\/\/(.+)\/docker\.sock$/.exec(process.env.DOCKER_HOST ?? "")?.[1];
  // The daemon lives on: what makes short Go programs quick is not for it.
  const own = { ...process.env, GOGC: undefined, GOMEMLIMIT: undefined };
  const env = { ...own, ...(folder && { GLITCHTIP_COMPOSE_ENGINE_DIR: folder }) };
  return (await promisify(execFile)("bash", [ENGINE, command], { env, timeout: 120_000 })).stdout;
}

if (asked) {
  describeOnEngine(title, () => {
    it("brings the apps back with their last good DSN, and events go on", async () => {
      expect(await engine("status"), "only an engine of engine.sh may be stopped").toContain("(ours)");
      await using stack = await Stack.sample();
      await stack.up();
      const dsn = await stack.variable("app", "SENTRY_DSN");

      await engine("down");
      await engine("up");

      expect(await stack.answeringApp(60_000)).toMatchObject({ reporting: true });
      expect(await stack.variable("app", "SENTRY_DSN")).toBe(dsn);
      const eventId = await until("the app's error is accepted", async () => {
        return (await stack.app<{ eventId?: string }>("/error"))?.eventId;
      });
      await readEvent(stack, "app", eventId);

      await stack.up();
      expect(await stack.variable("app", "SENTRY_DSN")).toBe(dsn);
      expect(await inventory(stack)).toMatchObject({
        organizations: ["Acme"],
        projects: ["app"],
        keys: [expect.anything()],
      });
    });
  });
} else {
  const reason = "it stops every container of the machine: GLITCHTIP_COMPOSE_TEST_ENGINE_RESTART=1";
  it(title, ({ skip }) => {
    console.warn(`skipped: ${title}: ${reason}`);
    skip(reason);
  });
}
