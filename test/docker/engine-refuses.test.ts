import { createServer } from "node:net";
import { expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";

interface Refusal {
  /** A further Compose file. */
  readonly override?: string;
  /** What `up` and doctor say. */
  readonly code: string;
  readonly doctor: RegExp;
}

const ofServer = (lines: string, more = ""): string => `services:\n  glitchtip: { ${lines} }\n${more}`;

const REFUSALS: Readonly<Record<string, Refusal>> = {
  "its port is taken": { code: "GC1603", doctor: /wanted by glitchtip, is taken by a process that is no container/ },
  "its image cannot be had": {
    override: ofServer("image: glitchtip-compose-test/never-made:1"),
    code: "GC1604",
    doctor: /image glitchtip-compose-test\/never-made:1 of glitchtip is not on this engine/,
  },
  "its network is missing": {
    override: ofServer(
      "networks: [gone]",
      "networks: { gone: { external: true, name: glitchtip-compose-test-gone } }\n",
    ),
    code: "GC1604",
    doctor: /network glitchtip-compose-test-gone, which glitchtip needs, does not exist/,
  },
  "its image lacks the program": {
    override: ofServer("entrypoint: [no-such-program]"),
    code: "GC1604",
    doctor: /could not be started: .*no-such-program/,
  },
};

describeOnEngine("when the engine refuses GlitchTip's container", () => {
  it.concurrent("our up starts the apps alone with their last DSN, ends with 1, and doctor names the cause", async () => {
    await using stack = await Stack.sample();
    await stack.up();
    const dsn = await stack.variable("app", "SENTRY_DSN");
    // As an earlier version left it: the DSNs of all apps are in one volume.
    const volumes = ["-v", `${stack.name}_glitchtip-dsn:/old`, "-v", `${stack.name}_glitchtip-dsn-app:/new`];
    await stack.project.docker(["run", "--rm", ...volumes, "busybox:1", "mv", "/new/app.env", "/old/app.env"]);

    for (const [what, { override, code, doctor }] of Object.entries(REFUSALS)) {
      await stack.compose(["down"]);
      stack.override(override);
      const server =
        override === undefined ? createServer().listen(stack.project.ports.glitchtip, "127.0.0.1") : undefined;
      try {
        const up = await stack.project.cli(["up"]);
        expect([what, up.code, up.stderr]).toEqual([what, 1, expect.stringContaining(`error ${code}`)]);
        expect(up.stderr).toContain("your services were started without it, with their last DSN: app");
        expect(await stack.variable("app", "SENTRY_DSN")).toBe(dsn);

        const { stdout } = await stack.project.cli(["doctor", "--json"]);
        const { ok, findings } = JSON.parse(stdout);
        expect([what, ok]).toEqual([what, false]);
        expect(findings).toContainEqual(
          expect.objectContaining({ level: "fail", what: expect.stringMatching(doctor), fix: expect.any(String) }),
        );
        expect(stdout).not.toContain("glitchtip-compose doctor");
      } finally {
        server?.close();
      }
    }

    stack.override();
    await stack.up();
    expect(await stack.answeringApp()).toMatchObject({ reporting: true });
  });

  it.concurrent("plain docker compose needs one line for the apps", async () => {
    await using stack = await Stack.sample();
    await stack.up();
    const dsn = await stack.variable("app", "SENTRY_DSN");
    await stack.compose(["down"]);
    stack.override(ofServer("entrypoint: [no-such-program]"));
    await stack.up({ ends: 1 });
    expect((await stack.compose(["up", "-d", "--no-deps", "app"])).code).toBe(0);
    // Without --wait it may still be the wrapper.
    expect(await stack.answeringApp()).toMatchObject({ reporting: true });
    expect(await stack.variable("app", "SENTRY_DSN")).toBe(dsn);
  });
});
