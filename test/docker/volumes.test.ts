import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { inventory } from "./support/server.ts";
import { Stack } from "./support/stack.ts";

/** The volumes are small; something else holds them, so that they do not vanish with the app's container. */
const SMALL = `services:
  holder:
    image: busybox:1
    command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1; done"]
    volumes: ["glitchtip-dsn:/status", "glitchtip-dsn-app:/dsn", "glitchtip-state:/state"]
volumes:
  glitchtip-dsn: { driver_opts: { type: tmpfs, device: tmpfs, o: "size=64k" } }
  glitchtip-dsn-app: { driver_opts: { type: tmpfs, device: tmpfs, o: "size=64k" } }
  glitchtip-state: { driver_opts: { type: tmpfs, device: tmpfs, o: "size=64k" } }
`;

describeOnEngine("a volume of the provisioner that is full", () => {
  let stack: Stack;
  let dsn: string | undefined;
  const fill = (folder: string) =>
    stack.exec("holder", "sh", "-c", `cat /dev/zero >${folder}/other 2>/dev/null || sync`);
  const free = (folder: string) => stack.exec("holder", "rm", "-f", `${folder}/other`);
  const newRelease = async (lines: string) => {
    stack.edit("glitchtip.yaml", "  app: { project: app", `  app: { ${lines}, project: app`);
    await stack.init();
  };
  const runsWithItsLastDsn = async () => {
    expect(await stack.answeringApp()).toMatchObject({ reporting: true });
    expect(await stack.variable("app", "SENTRY_DSN")).toBe(dsn);
  };

  beforeAll(async () => {
    stack = await Stack.sample();
    stack.override(SMALL);
    await stack.up();
    dsn = await stack.variable("app", "SENTRY_DSN");
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("of the DSNs: the run fails and says so; a new release of the app starts with its last good DSN", async () => {
    for (const folder of ["/dsn", "/status"]) await fill(folder);
    await newRelease("variables: [SENTRY_DSN, SECOND]");
    await stack.up({ ends: 1 });
    expect(await stack.logs("glitchtip-provision")).toMatch(/error GC1502: \/run\/glitchtip\/\S+: no space is left/);
    await runsWithItsLastDsn();
    const files = (await stack.exec("app", "ls", "-A", "/run/glitchtip")).stdout.trim().split("\n");
    expect(files.filter((name) => name !== "other")).toEqual(["app.env"]);
  });

  it("once there is space again, the next `up` goes on from there", async () => {
    for (const folder of ["/dsn", "/status"]) await free(folder);
    await stack.up();
    await stack.compose(["up", "-d", "--wait", "--force-recreate", "--no-deps", "app"]);
    await runsWithItsLastDsn();
    expect(await stack.variable("app", "SECOND")).toBe(dsn);
  });

  it("of the provisioner's state: the same, and nothing is made twice on the server", async () => {
    await stack.exec("holder", "rm", "/state/state.json");
    await fill("/state");
    await stack.compose(["rm", "-sf", "app"]);
    await stack.up({ ends: 1 });
    expect(await stack.logs("glitchtip-provision")).toMatch(/error GC1502: \/state\/state.json: no space is left/);
    await runsWithItsLastDsn();

    await free("/state");
    await stack.up();
    await runsWithItsLastDsn();
    expect(await inventory(stack)).toMatchObject({
      organizations: ["Acme"],
      teams: ["developers"],
      projects: ["app"],
      keys: [expect.anything()],
      tokens: ["glitchtip-compose"],
    });
  });
});
