import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { inventory } from "./support/server.ts";
import { Stack } from "./support/stack.ts";

const ONE_OF_EVERYTHING = {
  organizations: ["Acme"],
  teams: ["developers"],
  projects: ["app"],
  keys: [expect.stringMatching(/^app /)],
  tokens: ["glitchtip-compose"],
};

describeOnEngine("a stack that is there already", () => {
  let stack: Stack;
  let dsn: string | undefined;
  const reports = async () => {
    expect(await stack.answeringApp()).toMatchObject({ reporting: true });
    expect(await stack.variable("app", "SENTRY_DSN")).toBe(dsn);
  };

  beforeAll(async () => {
    stack = await Stack.sample();
    await stack.up();
    dsn = await stack.variable("app", "SENTRY_DSN");
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("is not touched by a second `init` and `up --wait`: no container made again, nothing written, one of everything", async () => {
    const look = async () => ({
      containers: [...(await stack.containers())].map(([service, { Id }]) => `${service} ${Id}`).sort(),
      app: (await stack.container("app")).State.StartedAt,
      server: (await stack.container("glitchtip")).State.StartedAt,
      state: await stack.statVolume("glitchtip-state"),
      status: await stack.statVolume("glitchtip-dsn"),
      dsn: await stack.statVolume("glitchtip-dsn-app"),
      files: ["glitchtip.yaml", "compose.yaml", "compose.override.yaml", ".env"].map((path) => stack.stat(path)),
      holds: await inventory(stack),
    });
    const before = await look();
    expect((await stack.init()).stdout).toContain("nothing to change");
    await stack.up();
    expect(await look()).toEqual(before);
    expect(before.holds).toEqual(ONE_OF_EVERYTHING);
    await reports();
  });

  it("says in its logs that there was nothing to do", async () => {
    expect(await stack.logs("glitchtip-init")).toMatch(/nothing to do: image and database have not changed\n$/);
    expect(await stack.logs("glitchtip-provision")).toMatch(/nothing to change\n$/);
  });

  it("has the same DSN after `down` and `up` with its volumes kept, and nothing twice", async () => {
    expect((await stack.compose(["down", "-t", "5"])).code).toBe(0);
    await stack.up();
    await reports();
    expect(await inventory(stack)).toEqual(ONE_OF_EVERYTHING);
    expect(await stack.logs("glitchtip-provision")).toBe("nothing to change\n");
  });

  it("goes on after `docker compose restart`, which starts everything at once", async () => {
    expect((await stack.compose(["restart", "-t", "5"])).code).toBe(0);
    await reports();
    await stack.up();
    expect(await inventory(stack)).toEqual(ONE_OF_EVERYTHING);
  });

  it("makes up for a lost state or DSN volume, with the same DSN and nothing twice", async () => {
    for (const volume of ["glitchtip-state", "glitchtip-dsn", "glitchtip-dsn-app"]) {
      await stack.loseVolume(volume, "app", "glitchtip-provision");
      await stack.up();
      await reports();
      expect(await inventory(stack)).toEqual(ONE_OF_EVERYTHING);
    }
  });

  it("takes the DSN over from the volume that all apps shared in earlier versions, also where the server fails", async () => {
    const volumes = ["-v", `${stack.name}_glitchtip-dsn:/old`, "-v", `${stack.name}_glitchtip-dsn-app:/new`];
    await stack.project.docker(["run", "--rm", ...volumes, "busybox:1", "mv", "/new/app.env", "/old/app.env"]);
    await stack.loseVolume("glitchtip-dsn-app", "app", "glitchtip-provision");
    const environment = `{ GLITCHTIP_URL: "http://127.0.0.1:9", GLITCHTIP_READY_WITHIN_SECONDS: "1" }`;
    stack.override(`services: { glitchtip-provision: { environment: ${environment} } }\n`);
    await stack.up({ ends: 1 });
    await reports();
    stack.override();
    for (const _ of ["the old file is emptied", "and removed"]) await stack.up();
    await reports();
    expect(await stack.statVolume("glitchtip-dsn")).not.toContain("app.env");
    expect(await inventory(stack)).toEqual(ONE_OF_EVERYTHING);
  });
});
