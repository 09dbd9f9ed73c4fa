import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type ProcessResult, runProcess } from "../../src/base/process.ts";
import { renderEnvFile } from "../../src/outputs/env-file.ts";
import { describeOnEngine } from "./support/engine.ts";
import { until } from "./support/until.ts";

const WRAPPER = join(import.meta.dirname, "../../templates/with-dsn");
const DSN = "http://0123456789abcdef0123456789abcdef@glitchtip:8000/1";

/** Says who it is and what it was given, then waits for TERM. */
const PROGRAM = `trap 'exit 7' TERM; echo "pid $$ uid $(id -u)"; tr '\\000\\n' '\\n~' </proc/1/environ; echo ready; while :; do sleep 0.1; done`;

const SHELLS = [
  { shell: "dash", image: "node:24-slim", argv: ["/bin/dash"] },
  { shell: "busybox", image: "busybox:1", argv: ["/bin/sh"] },
  { shell: "bash", image: "postgres:18", argv: ["/bin/bash", "--posix"] },
];
const USERS = [
  { user: "0:0", rootFs: "writable", flags: [] },
  { user: "1000:1000", rootFs: "writable", flags: [] },
  { user: "1000:1000", rootFs: "read-only", flags: ["--read-only", "--cap-drop", "ALL"] },
];

/** A container behind the wrapper, on a DSN volume that is empty at first. */
class WrappedContainer implements AsyncDisposable {
  readonly name = `gtc-${randomBytes(5).toString("hex")}`;

  async docker(...args: string[]): Promise<ProcessResult> {
    return await runProcess("docker", args, { deadlineMs: 60_000 });
  }

  async start(image: string, argv: readonly string[], flags: readonly string[]): Promise<void> {
    const [shell = "", ...options] = argv;
    const mounts = ["-v", `${WRAPPER}:/glitchtip-with-dsn:ro`, "-v", `${this.name}:/run/glitchtip:ro`];
    const wrapper = [...options, "/glitchtip-with-dsn", "--wait", "60", "api", "--"];
    const run = ["run", "-d", "--name", this.name, "--network", "none", "--stop-signal", "TERM", ...mounts, ...flags];
    const { code, stderr } = await this.docker(...run, "--entrypoint", shell, image, ...wrapper, "sh", "-c", PROGRAM);
    if (code !== 0) throw new Error(`docker run ended with ${code}\n${stderr}`);
    await this.saying("waiting for /run/glitchtip/api.env");
  }

  /** As the provisioner does: a temporary name first. */
  async publish(content: string): Promise<void> {
    const script =
      "cat >/volume/api.env.tmp && chmod 0444 /volume/api.env.tmp && mv /volume/api.env.tmp /volume/api.env";
    const run = [
      "run",
      "--rm",
      "-i",
      "--network",
      "none",
      "-v",
      `${this.name}:/volume`,
      "busybox:1",
      "sh",
      "-c",
      script,
    ];
    await runProcess("docker", run, { stdin: content, deadlineMs: 60_000 });
  }

  async saying(text: string): Promise<string> {
    return await until(`the container says "${text}"`, async () => {
      const { stdout, stderr } = await this.docker("logs", this.name);
      return (stdout + stderr).includes(text) ? stdout : undefined;
    });
  }

  /** Its exit code; 137 means that it had to be killed. */
  async stop(): Promise<number> {
    await this.docker("stop", "-t", "20", this.name);
    return Number((await this.docker("inspect", "-f", "{{.State.ExitCode}}", this.name)).stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.docker("rm", "-f", "-v", this.name);
    await this.docker("volume", "rm", "-f", this.name);
  }
}

const cases = SHELLS.flatMap((shell) => USERS.map((user) => ({ ...shell, ...user })));

describeOnEngine("with-dsn as the first process of a container", () => {
  it.concurrent.each(cases)(
    "in $shell as $user, $rootFs: waits on an empty volume, then is the app, PID and signals included",
    async (one) => {
      await using container = new WrappedContainer();
      const environment = ["spring.datasource.url=jdbc:x", "A-B=two\nlines", "app=mine", "file=mine"];
      const flags = ["--user", one.user, ...one.flags, ...environment.flatMap((variable) => ["-e", variable])];
      await container.start(one.image, one.argv, flags);

      await container.publish(renderEnvFile({ SENTRY_DSN: DSN, "sentry.dsn": DSN }));
      const said = (await container.saying("ready")).split("\n");

      expect(said[0]).toBe(`pid 1 uid ${one.user.split(":")[0]}`);
      expect(said).toEqual(
        expect.arrayContaining([
          `SENTRY_DSN=${DSN}`,
          `sentry.dsn=${DSN}`,
          "spring.datasource.url=jdbc:x",
          "A-B=two~lines",
          "app=mine",
          "file=mine",
        ]),
      );
      expect(said.filter((line) => line.includes("_gtc_"))).toEqual([]);
      expect(await container.stop()).toBe(7);
    },
  );

  it.concurrent.each(SHELLS)("in $shell: ends at TERM while it waits", async ({ image, argv }) => {
    await using container = new WrappedContainer();
    await container.start(image, argv, []);
    expect(await container.stop()).toBe(143);
  });
});
