import { expect, it } from "vitest";
import { runInProcess } from "../../support/in-process-cli.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

it.each([
  [["statu"], `unknown command 'statu'; did you mean "status"?`],
  [["help", "statu"], 'there is no help on "statu"; did you mean "status"?'],
  [["init", "--dryrun"], `unknown option '--dryrun'; did you mean "--dry-run"?`],
])("%j asks in one way what was meant", async (words, said) => {
  using folder = new TemporaryFolder();
  const { code, stderr } = await runInProcess(folder.path, words, {});
  expect([code, stderr.split("\n")[0]]).toEqual([2, `error GC1001: ${said}`]);
});

it("doctor begins and ends with its verdict where something is wrong, and names the folder that it misses", async () => {
  using folder = new TemporaryFolder();
  const { code, stdout } = await runInProcess(folder.path, ["doctor"], {
    PATH: "",
    DOCKER_HOST: "unix:///nowhere.sock",
  });
  const lines = stdout.trimEnd().split("\n");
  expect([code, lines[0]]).toEqual([1, expect.stringMatching(/^\d+ problems?, /)]);
  expect([lines[1], lines.at(-1)]).toEqual(["", lines[0]]);
  expect(stdout).toContain(
    "→ Change to the folder with glitchtip.yaml, or create one here with: npx glitchtip-compose init",
  );
});
