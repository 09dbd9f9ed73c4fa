import { expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";

const node = (more = "") => `{ image: "node:24-slim", init: true, entrypoint: [sleep, "1000"]${more} }`;

interface Layout {
  readonly compose: string;
  readonly declaration?: string;
  readonly flags: readonly string[];
}

/** Layouts in which no active service of the user's depends on the provisioner. */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  "the only app is behind an inactive profile": {
    compose: `services: { app: ${node(", profiles: [full]")}, db: ${node()} }\n`,
    flags: ["--app", "app=shop"],
  },
  "no app is declared": {
    compose: `services: { db: ${node()} }\n`,
    declaration:
      "version: 1\nadmin: { email: admin@example.com }\norganization: Acme\nprojects: { shop: {} }\napps: {}\n",
    flags: [],
  },
  "the only app is scaled to 0": {
    compose: `services: { app: ${node(", scale: 0")}, db: ${node()} }\n`,
    flags: ["--app", "app=shop"],
  },
};

const TIMES = 10;

describeOnEngine("up --wait without an active app", () => {
  it.concurrent.each(Object.entries(LAYOUTS))(
    "ends with 0 each time, with the DSN there: %s",
    async (_, { compose, declaration, flags }) => {
      await using stack = await Stack.in({ "compose.yaml": compose });
      if (declaration !== undefined) stack.write("glitchtip.yaml", declaration);
      await stack.init(...flags);
      const seen: unknown[] = [];
      for (let i = 0; i < TIMES; i++) {
        const { code, stderr } = await stack.compose(["up", "-d", "--wait"]);
        const provisioner = (await stack.container("glitchtip-provision")).State;
        seen.push(code === 0 ? [code, provisioner.Status, provisioner.ExitCode] : [code, stderr]);
      }
      expect(seen).toEqual(Array.from({ length: TIMES }, () => [0, "exited", 0]));
      expect(JSON.parse(await stack.readVolume("glitchtip-dsn", "status.json"))).toMatchObject({ state: "ok" });
      expect([...(await stack.containers()).keys()]).not.toContain("glitchtip-ready");

      const status = await stack.project.cli(["status", "--json"]);
      expect([status.code, status.stderr]).toEqual([0, ""]);
      const verify = await stack.project.cli(["verify"]);
      if (compose.includes("scale")) {
        expect([verify.code, verify.stderr]).toEqual([0, expect.stringContaining("app is skipped: it is scaled to 0")]);
      }
      if (compose.includes("profiles")) {
        expect([verify.code, verify.stderr]).toEqual([
          0,
          expect.stringContaining("none of its profiles (full) is active"),
        ]);
        expect((await stack.project.cli(["verify", "app"])).code).toBe(1);
        expect((await stack.compose(["--profile", "full", "up", "-d", "--wait"])).code).toBe(0);
        expect((await stack.project.cli(["verify"])).stdout).toMatch(/^app +shop .* ms /m);
      }
      const doctor = await stack.project.cli(["doctor"]);
      expect([doctor.code, doctor.stdout]).toEqual([0, expect.stringContaining("no problems")]);
    },
  );
});
