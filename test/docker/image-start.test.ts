import { expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { temporaryProject } from "./support/project.ts";

const FORMS: Readonly<Record<string, { lines: string; entrypoint: string[]; command: string[] }>> = {
  "exec forms": {
    lines: 'ENTRYPOINT ["/bin/echo", "a b"]\nCMD ["c", "$D"]',
    entrypoint: ["/bin/echo", "a b"],
    command: ["c", "$D"],
  },
  "a command in shell form": {
    lines: "CMD echo \"$HOME\" 'a b' && exec sleep 1",
    entrypoint: [],
    command: ["/bin/sh", "-c", "echo \"$HOME\" 'a b' && exec sleep 1"],
  },
  "an entrypoint in shell form": {
    lines: "ENTRYPOINT exec sleep 1\nCMD []",
    entrypoint: ["/bin/sh", "-c", "exec sleep 1"],
    command: [],
  },
};

describeOnEngine("what an image starts", () => {
  it.each(Object.entries(FORMS))("%s: built on request, asked of the engine, written as it was", async (_, form) => {
    await using project = await temporaryProject({
      "compose.yaml": "services:\n  api:\n    build: .\n",
      Dockerfile: `FROM busybox:1\nHEALTHCHECK CMD true\n${form.lines}\n`,
    });
    const image = `${project.name}-api`;
    try {
      const without = await project.cli(["init", "--yes", "--app", "api=shop"]);
      expect([without.code, without.stderr]).toEqual([2, expect.stringMatching(/which is not built yet\n.*--build\n/)]);

      const { code, stderr } = await project.cli(["init", "--yes", "--app", "api=shop", "--build"]);
      expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
      const { api } = JSON.parse(await project.compose("config", "--format", "json")).services;
      // Compose shows a dollar as two, as it has to be written.
      const written = (words: readonly string[]) => words.map((word) => word.replaceAll("$", "$$$$"));
      expect(api.entrypoint.slice(api.entrypoint.indexOf("--") + 1)).toEqual(written(form.entrypoint));
      expect(api.command ?? []).toEqual(written(form.command));
      expect(api).not.toHaveProperty("healthcheck");

      const env = { ...process.env, DOCKER_HOST: "unix:///nonexistent/docker.sock" };
      const again = await project.cli(["init", "--json"], { env });
      expect(JSON.parse(again.stdout)).toMatchObject({ nothingToChange: true });
    } finally {
      await project.docker(["image", "rm", "-f", image]);
    }
  });

  it("a changed CMD runs after build and up of ours, and is told before", async () => {
    const lines = (version: number) => `FROM busybox:1\nCMD ["sleep", "${version}00"]\n`;
    await using project = await temporaryProject({
      "compose.yaml": "services:\n  web:\n    build: .\n    stop_grace_period: 1s\n",
      Dockerfile: lines(1),
    });
    const commandOfApp = async () =>
      (await project.compose("exec", "-T", "web", "cat", "/proc/1/cmdline")).replaceAll("\0", " ");
    try {
      const init = await project.cli(["init", "--yes", "--app", "web=shop", "--build"]);
      expect([init.code, init.stderr]).toEqual([
        0,
        expect.stringMatching(/web: its .* from .*npx glitchtip-compose up/),
      ]);
      expect((await project.cli(["up"])).code).toBe(0);
      expect(await commandOfApp()).toContain("sleep 100");

      // Plain docker compose builds the new image and starts the old command.
      project.write("Dockerfile", lines(2));
      await project.compose("build", "web");
      for (const command of ["doctor", "status", "verify"]) {
        const { code, stdout, stderr } = await project.cli([command]);
        expect([command, code]).toEqual([command, 1]);
        expect(stdout + stderr).toMatch(
          /web would start with the old entrypoint and command of its image.*sleep","200/,
        );
        expect(stdout + stderr).toContain("npx glitchtip-compose up");
      }

      project.write("Dockerfile", lines(3));
      expect((await project.cli(["build"])).stderr).toMatch(/sleep","300.*updating the managed files/);
      expect((await project.cli(["up"])).code).toBe(0);
      expect(await commandOfApp()).toContain("sleep 300");
      expect((await project.cli(["doctor"])).stdout).not.toContain("would start with the old");
    } finally {
      await project.docker(["image", "rm", "-f", `${project.name}-web`]);
    }
  });
});
