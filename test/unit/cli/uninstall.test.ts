import { describe, expect, it } from "vitest";
import { listed, questionFor } from "../../../src/cli/commands/uninstall.ts";
import { initWorkspace } from "../../../src/init/init.ts";
import type { InitOptions } from "../../../src/init/options.ts";
import { planUninstall } from "../../../src/workspace/uninstall.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

const log = { info() {}, step() {}, debug() {}, warn() {} };
const ENGINE = {
  project: "shop",
  containers: ["shop-glitchtip-1"],
  users: ["shop-app-1"],
  networks: [],
  volumes: [],
  keptVolumes: [],
};

it.each([
  [{}, "its containers from Docker and its files from /srv/shop. Its data is deleted for good."],
  [{ keepData: true }, "its containers from Docker and its files from /srv/shop. Its data stays."],
  [{ filesOnly: true }, "its files from /srv/shop. What runs in Docker stays."],
])("its question says what goes with %j", (flags, said) => {
  const text = questionFor({ project: "shop" }, "/srv/shop", { keepData: false, filesOnly: false, ...flags });
  expect(text).toBe(`This removes GlitchTip from shop: ${said}`);
});

describe("what uninstall says", () => {
  const said = async (folder: TemporaryFolder, options: InitOptions = {}, edit = () => {}) => {
    await initWorkspace({ dir: folder.path, log, env: {}, assets: testAssets() }, options);
    edit();
    const plan = planUninstall(folder.path);
    return { composeFiles: plan.composeFiles, text: listed("will", ENGINE, plan) };
  };

  it.each([[{}], [{ discovery: "env" } as const]])("names the sample app, which goes: %j", async (options) => {
    using folder = new TemporaryFolder();
    const { composeFiles, text } = await said(folder, options);
    expect(composeFiles).toEqual([]);
    expect(text).toContain("container shop-app-1 (the sample app)\n");
  });

  it("counts a sample app that was edited as the user's own", async () => {
    using folder = new TemporaryFolder();
    const edit = () => folder.write("compose.yaml", `${folder.read("compose.yaml")}# mine\n`);
    const { composeFiles, text } = await said(folder, {}, edit);
    expect(composeFiles).toEqual(["compose.yaml"]);
    expect(text).toContain(
      "container shop-app-1 (your own, which uses GlitchTip's volumes or networks; docker compose up recreates it)\n",
    );
  });

  it("leaves the user's own Compose files, and none of ours", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", "services:\n  api: {image: a/b, entrypoint: [node], command: [a.js]}\n");
    expect((await said(folder, { apps: { api: "shop" } })).composeFiles).toEqual(["compose.yaml"]);
    using alone = new TemporaryFolder();
    expect((await said(alone, { noApps: true })).composeFiles).toEqual([]);
  });
});
