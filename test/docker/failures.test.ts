import { expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";

/** The same order of events as with the generated times, in less time. */
const HEALTH = "healthcheck: { interval: 1s, timeout: 2s, retries: 2, start_period: 3s, start_interval: 500ms }";
const WITHIN = 'environment: { GLITCHTIP_READY_WITHIN_SECONDS: "2" }';

/** A further Compose file: a new release of the app, and whatever else is different. */
const release = (name: string, more = "") => `services:
  app: { environment: { RELEASE: ${name} } }
${more}`;

const broken: Record<
  string,
  { more?: string; damage?(stack: Stack): Promise<void> | void; log: [string, RegExp]; doctor?: string }
> = {
  "GlitchTip runs, but never answers": {
    more: `  glitchtip: { command: [sleep, "600"], stop_grace_period: 1s, ${HEALTH} }
  glitchtip-provision: { ${WITHIN} }`,
    log: ["glitchtip-provision", /GC1203: http:\/\/glitchtip:8000\S* was not ready within 2 s; last: .+/],
  },
  "GlitchTip ends as soon as it is started": {
    more: `  glitchtip: { command: ["false"], ${HEALTH} }
  glitchtip-provision: { ${WITHIN} }`,
    log: ["glitchtip-provision", /GC1203: .* was not ready within 2 s/],
  },
  "glitchtip-init fails, and GlitchTip is made anew": {
    more: `  glitchtip: { environment: { CHANGED: "1" }, ${HEALTH} }
  glitchtip-provision: { ${WITHIN} }`,
    damage: (stack) => stack.setSecret("db_password", "wrong"),
    log: ["glitchtip-init", /the database does not answer: .*authentication failed/],
    doctor: "npx glitchtip-compose secrets rotate db-password",
  },
  "the provisioner fails: its token is lost and the password is wrong": {
    async damage(stack) {
      await stack.loseVolume("glitchtip-state", "glitchtip-provision");
      await stack.setSecret("admin_password", "wrong");
    },
    log: ["glitchtip-provision", /GC1301: .*the password of admin@example.com was refused/],
  },
};

describeOnEngine("when GlitchTip fails", () => {
  it.concurrent.each(Object.entries(broken))(
    "%s: a new release of an app runs with the same DSN, and `up` ends with 1",
    async (_, { more, damage, log, doctor = "" }) => {
      await using stack = await Stack.sample();
      stack.override(release("one"));
      await stack.up();
      const dsn = await stack.variable("app", "SENTRY_DSN");

      await damage?.(stack);
      stack.override(release("two", more));
      const { stderr } = await stack.up({ ends: 1 });

      expect(stderr).toContain("didn't complete successfully");
      expect(await stack.answeringApp()).toMatchObject({ reporting: true });
      expect(await stack.variable("app", "RELEASE")).toBe("two");
      expect(await stack.variable("app", "SENTRY_DSN")).toBe(dsn);
      expect(await stack.logs(log[0])).toMatch(log[1]);
      expect(await stack.project.cli(["doctor"])).toMatchObject({ code: 1, stdout: expect.stringContaining(doctor) });
    },
  );

  const fails = `  glitchtip-provision: { environment: { GLITCHTIP_ADMIN_PASSWORD_FILE: /nowhere } }`;

  it.concurrent("an app that never had a DSN ends with 78 and the reason: `onFailure: block`", async () => {
    await using stack = await Stack.sample();
    stack.override(release("one", fails));
    await stack.up({ ends: 1 });
    expect(await stack.app()).toBeUndefined();
    const { code, stderr } = await stack.compose(["run", "--rm", "--no-deps", "-T", "app"]);
    expect(code).toBe(78);
    expect(stderr).toContain("no DSN for app: /run/glitchtip/app.env did not come within 5 s");
    expect(await stack.logs("app")).toContain("The reason: docker compose logs glitchtip-provision");
    expect(await stack.logs("glitchtip-provision")).toContain("error GC1107: /nowhere");

    stack.override();
    await stack.up();
    expect(await stack.answeringApp()).toMatchObject({ reporting: true });
  });

  it.concurrent("or starts without it: `onFailure: start-without-reporting`", async () => {
    await using stack = await Stack.sample();
    stack.write("glitchtip.yaml", `${stack.read("glitchtip.yaml")}onFailure: start-without-reporting\n`);
    await stack.init();
    stack.override(release("one", fails));
    await stack.up({ ends: 1 });
    expect(await stack.answeringApp()).toMatchObject({ reporting: false });
    expect(await stack.variable("app", "SENTRY_DSN")).toBe("");
    expect(await stack.logs("app")).toContain("app starts without error reporting");
  });
});
