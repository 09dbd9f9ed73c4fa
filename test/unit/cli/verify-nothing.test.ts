import { expect, it } from "vitest";
import { initWorkspace } from "../../../src/init/init.ts";
import { runInProcess } from "../../support/in-process-cli.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

const log = { info() {}, step() {}, debug() {}, warn() {} };

it.each([
  ["", "add dev --host --project shop --dotenv .env.local"],
  ["services:\n  db: {image: postgres:18}\n  api: {image: a/b, entrypoint: [node]}\n", "add api"],
])("verify without an app sends nothing and says how to add one: %j", async (compose, command) => {
  using folder = new TemporaryFolder();
  if (compose !== "") folder.write("compose.yaml", compose);
  await initWorkspace({ dir: folder.path, log, env: {}, assets: testAssets() }, { noApps: true });
  const { code, stdout, stderr } = await runInProcess(folder.path, ["verify"], { PATH: "" });
  expect([code, stdout, stderr]).toEqual([0, `no app is declared; next: npx glitchtip-compose ${command}\n`, ""]);
});
