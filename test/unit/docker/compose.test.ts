import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import type { ProcessResult, RunOptions } from "../../../src/base/process.ts";
import { openDockerCli } from "../../../src/docker/cli.ts";
import { openCompose } from "../../../src/docker/compose.ts";
import { missingInCompose, missingInEngine } from "../../../src/docker/engine.ts";
import { answers } from "../../support/fake-docker.ts";

function composeThat(answer: ProcessResult | Error) {
  const calls: { line: string; options: RunOptions }[] = [];
  const removed: string[] = [];
  const cli = openDockerCli({
    dir: "/shop",
    env: { HOME: "/home/ann" },
    signal: new AbortController().signal,
    run: async (program, args, options = {}) => {
      calls.push({ line: [program, ...args].join(" "), options });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  const compose = openCompose(cli, async (name) => {
    removed.push(name);
  });
  return { compose, calls, removed };
}

describe("docker compose", () => {
  it("runs in the workspace, where it finds .env, and with every profile", async () => {
    const { compose, calls } = composeThat(answers({ stdout: '{"name":"shop","services":{}}' }));
    expect(await compose.config()).toEqual({ name: "shop", services: {} });
    expect(calls[0]).toMatchObject({
      line: "docker compose --profile * config --format json",
      options: { cwd: "/shop", env: { HOME: "/home/ann" } },
    });
  });

  it("removes services with a profile, too, and data only when asked", async () => {
    const { compose, calls } = composeThat(answers());
    await compose.down({ volumes: false });
    await compose.down({ volumes: true });
    expect(calls.map(({ line }) => line)).toEqual([
      "docker compose --profile * down",
      "docker compose --profile * down --volumes",
    ]);
  });

  it("reports its version without a v", async () => {
    expect(await composeThat(answers({ stdout: "v2.29.7-desktop.1\n" })).compose.version()).toBe("2.29.7-desktop.1");
  });

  it("names the failed call and shows its last lines", async () => {
    const stderr = 'one\n\nservice "gone" has neither an image nor a build context specified\n';
    const { compose } = composeThat(answers({ code: 15, stderr }));
    await expect(compose.config()).rejects.toMatchObject({
      code: "GC1604",
      message: "docker compose config failed (exit 15)",
      problems: ["one", 'service "gone" has neither an image nor a build context specified'],
    });
  });

  it.each([
    'environment variable "SHOP_KEY" required by secret "shop_key" is not set\n',
    "error while interpolating services.web.image: required variable SHOP_KEY is missing a value: set it\n",
  ])("names the variable that is missing, and does not send to doctor: %j", async (stderr) => {
    const { compose } = composeThat(answers({ code: 1, stderr }));
    await expect(compose.up()).rejects.toMatchObject({
      code: "GC1604",
      remedy: "Set SHOP_KEY in the shell or in .env, then run the command again.",
    });
  });

  it("names what to do where there is no Compose file, and no command that says the same", async () => {
    const { compose } = composeThat(answers({ code: 14, stderr: "no configuration file provided: not found\n" }));
    await expect(compose.config()).rejects.toMatchObject({
      code: "GC1604",
      message: expect.stringContaining("this command needs a Compose file"),
      remedy: expect.not.stringContaining("doctor"),
    });
  });

  it("returns the exit code of a command in a container", async () => {
    const { compose, calls, removed } = composeThat(answers({ code: 3 }));
    expect(await compose.run("glitchtip-provision", ["a.mjs"], { entrypoint: "node" })).toMatchObject({ code: 3 });
    expect(calls[0]?.line).toMatch(
      /^docker compose run --rm --no-deps -T --name glitchtip-provision-run-[0-9a-f]{12} --entrypoint node glitchtip-provision a\.mjs$/,
    );
    expect(removed).toEqual([]);
  });

  it("removes the container of an aborted run, which Compose leaves running", async () => {
    const { compose, calls, removed } = composeThat(new CodedError("GC1003", "stopped by SIGINT"));
    await expect(compose.run("glitchtip-provision", [])).rejects.toMatchObject({ code: "GC1003" });
    expect(removed).toEqual([/--name (\S+)/.exec(calls[0]?.line ?? "")?.[1]]);
  });
});

describe("failures of docker have different errors", () => {
  it.each([
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "failed to connect to the docker API at unix:///var/run/docker.sock",
  ])("no engine: %s", async (stderr) => {
    await expect(composeThat(answers({ code: 1, stderr })).compose.config()).rejects.toMatchObject({ code: "GC1601" });
  });

  it("an engine that this user may not use", async () => {
    const stderr =
      "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get ...";
    await expect(composeThat(answers({ code: 1, stderr })).compose.config()).rejects.toMatchObject({
      code: "GC1601",
      message: expect.stringMatching(/^permission denied: .* at unix:\/\/\/var\/run\/docker\.sock$/),
      remedy: expect.stringContaining("usermod -aG docker"),
    });
  });

  it.each([
    "docker: 'compose' is not a docker command.\nSee 'docker --help'",
    "docker: unknown command: docker compose\n\nRun 'docker --help' for more information",
    "unknown flag: --profile\nSee 'docker --help'.",
    "unknown shorthand flag: 'd' in -d",
  ])("no Compose plugin: %s", async (stderr) => {
    await expect(composeThat(answers({ code: 1, stderr })).compose.config()).rejects.toMatchObject({
      code: "GC1602",
      problems: [stderr.split("\n")[0]],
    });
  });

  it("no docker program", async () => {
    const missing = new CodedError("GC1606", "the program `docker` was not found");
    await expect(composeThat(missing).compose.version()).rejects.toMatchObject({
      code: "GC1606",
      remedy: "Install Docker with the Compose plugin, then run the command again.",
    });
  });
});

describe("features that the stack needs", () => {
  it.each(["2.23.1", "v2.40.3", "2.40.3+ds1-0ubuntu1", "2.29.7-desktop.1", "5.0.0", "dev"])(
    "Compose %s has them",
    (v) => expect(missingInCompose(v)).toEqual([]),
  );

  it("names what an older Compose lacks and what that does", () => {
    expect(missingInCompose("2.20.1")).toEqual([
      "depends_on.required (since 2.20.2): a broken GlitchTip takes your applications down",
    ]);
    expect(missingInCompose("2.20.2")).toEqual([]);
    expect(missingInCompose("2.9.0")).toHaveLength(1);
  });

  it("checks an engine by the version of its API, which Podman has, too", () => {
    expect(missingInEngine("1.44")).toEqual([]);
    expect(missingInEngine("1.51")).toEqual([]);
    expect(missingInEngine("1.41")).toEqual([expect.stringContaining("healthcheck.start_interval (since 1.44)")]);
  });
});
