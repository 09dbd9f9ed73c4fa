import { expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { inventory, readEvent } from "./support/server.ts";
import { Stack } from "./support/stack.ts";

const GENERATIONS = [
  {
    what: "6, web and worker apart, with Valkey",
    flags: ["--topology", "split", "--valkey", "bundled"],
    services: ["glitchtip-valkey", "glitchtip-worker"],
  },
  { what: "5.2", flags: ["--image", "glitchtip/glitchtip:5.2.1"], services: ["glitchtip-valkey", "glitchtip-worker"] },
  {
    what: "5.1",
    flags: ["--image", "glitchtip/glitchtip:v5.1.1"],
    services: ["glitchtip-valkey", "glitchtip-worker"],
  },
];

/** Asks five times on a connection that is kept unless the server says that it closes it, as a proxy does. */
const ON_ONE_CONNECTION = `
const { Agent, get } = require("node:http");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const ask = () => new Promise((done) => {
  const asked = get({ agent, host: "glitchtip", port: 8000, path: "/api/settings/" }, (answer) => {
    answer.resume().once("end", () => done(answer.statusCode));
  });
  asked.once("error", ({ code }) => done(code));
});
Promise.all([ask(), ask(), ask(), ask(), ask()]).then((all) => console.log(...all));
`;

describeOnEngine("GlitchTip", () => {
  it.concurrent.each(GENERATIONS)("$what: from an empty folder to an app's event", async ({ flags, services }) => {
    await using stack = await Stack.sample(...flags);
    expect(await stack.compose(["config", "-q"])).toMatchObject({ code: 0, stderr: "" });

    await stack.up();

    const all = [
      "app",
      "glitchtip",
      "glitchtip-db",
      "glitchtip-init",
      "glitchtip-provision",
      "glitchtip-setup",
      ...services,
    ];
    expect([...(await stack.containers()).keys()].sort()).toEqual(all.sort());
    const { eventId = "" } = (await stack.app<{ eventId: string }>("/error")) ?? {};
    expect((await readEvent(stack, "app", eventId)).title).toContain("Something broke");
    expect((await stack.project.cli(["verify"])).code).toBe(0);
    expect((await stack.project.cli(["status"])).code).toBe(0);
    const { stdout } = await stack.exec("app", "node", "-e", ON_ONE_CONNECTION);
    expect(stdout.trim()).toBe("200 200 200 200 200");

    // Again with its volumes: as a user does after a reboot.
    const dsn = await stack.variable("app", "SENTRY_DSN");
    await stack.compose(["down", "-t", "10"]);
    await stack.up();
    expect(await stack.variable("app", "SENTRY_DSN")).toBe(dsn);
    expect(await inventory(stack)).toMatchObject({
      organizations: ["Acme"],
      projects: ["app"],
      keys: [expect.anything()],
      tokens: ["glitchtip-compose"],
    });
  });
});
