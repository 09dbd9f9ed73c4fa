import { expect, it } from "vitest";
import { systemClock } from "../../../src/base/wait.ts";
import secrets from "../../../src/cli/commands/secrets.ts";
import { initWorkspace } from "../../../src/init/init.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

it.each(["db-password", "token"])("secrets rotate %s announces nothing where there is no docker", async (what) => {
  using folder = new TemporaryFolder();
  folder.write("compose.yaml", "services:\n  api: {image: 'node:24', entrypoint: [node], command: [server.js]}\n");
  const lines: string[] = [];
  const say = (text: string) => void lines.push(text);
  const log = { info: say, step: say, debug() {}, warn() {} };
  await initWorkspace({ dir: folder.path, log, assets: testAssets() }, { apps: { api: "shop" } });
  lines.length = 0;
  const context = {
    dir: folder.path,
    env: { PATH: "/nonexistent", HOME: folder.path, DOCKER_HOST: `unix://${folder.path}/no.sock` },
    log,
    clock: systemClock,
    signal: new AbortController().signal,
    json: false,
    interactive: false,
    stdoutIsTerminal: false,
    print: say,
    setExitCode() {},
  };
  expect(await refusal(secrets.run(context, { yes: true }, ["rotate", what]))).toMatchObject({ code: "GC1606" });
  expect(lines).toEqual([]);
});
