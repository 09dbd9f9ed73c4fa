import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadDeclaration } from "../../../../src/config/load.ts";
import { initWorkspace } from "../../../../src/init/init.ts";
import { type AddOptions, addApp } from "../../../../src/workspace/apps.ts";
import { refusal } from "../../../support/refusal.ts";
import { TemporaryFolder, testAssets } from "../../../support/workspace.ts";
import { COMPOSE, project, START } from "./shop.ts";

describe("add", () => {
  it("makes a project whose name is YAML's merge key", async () => {
    using shop = await project();
    const options = { project: "<<", entrypoint: ["tini"], command: ["run"] };
    await addApp(shop.context(), "worker", options);
    const { projects, apps } = loadDeclaration(shop.folder.read("glitchtip.yaml"), "g");
    expect([Object.keys(projects), apps.worker?.project]).toEqual([["shop", "<<"], "<<"]);
    expect(await addApp(shop.context(), "worker", options)).toMatchObject({ nothingToChange: true });
  });

  it("adds one line to the declaration and writes the managed files", async () => {
    using setup = await project();
    const before = setup.folder.read("glitchtip.yaml");
    const result = await addApp(setup.context(), "worker", { project: "shop", ...START });
    expect(setup.folder.read("glitchtip.yaml")).toBe(
      `${before}  worker: { project: shop, entrypoint: [ docker-entrypoint.sh ] }\n`,
    );
    expect(result.changed).toEqual(["glitchtip.yaml", "compose.override.yaml", ".glitchtip/provision.json"]);
    expect(setup.folder.read("compose.override.yaml")).toContain("\n  worker:\n");
    expect(setup.folder.read("compose.yaml")).toBe(COMPOSE);
  });

  it("declares the project, which is named like the service by default", async () => {
    using setup = await project();
    const result = await addApp(setup.context(), "worker", START);
    expect(result.services.at(-1)).toEqual({ service: "worker", project: "worker", variables: ["SENTRY_DSN"] });
    expect(setup.folder.read("glitchtip.yaml")).toContain("  worker: { team: developers }\n");
  });

  it("writes variables and an audience", async () => {
    using setup = await project();
    await addApp(setup.context(), "worker", { ...START, variables: ["A", "B"], audience: "public" });
    expect(setup.folder.read(".glitchtip/provision.json")).toMatch(/"A": "public",\s+"B": "public"/);
  });

  it("changes nothing a second time, and refuses options that contradict the declaration", async () => {
    using setup = await project();
    await addApp(setup.context(), "worker", { project: "shop", ...START });
    expect(await addApp(setup.context(), "worker")).toMatchObject({ nothingToChange: true });
    const error = await refusal(addApp(setup.context(), "worker", { project: "other" }));
    expect([error.code, error.problems]).toEqual(["GC1001", ['apps.worker.project: "other" here, "shop" there']]);
  });

  it("writes nothing in a dry run", async () => {
    using setup = await project();
    const before = setup.folder.files();
    expect(await addApp(setup.context(), "worker", { ...START, dryRun: true })).toMatchObject({ dryRun: true });
    expect(setup.folder.files()).toEqual(before);
  });

  it.each<[string, string, string, AddOptions, RegExp]>([
    ["a service that is not there", "workr", "GC1104", START, /did you mean "worker"/],
    [
      "a service whose start only its image knows",
      "db",
      "GC1106",
      {},
      /--entrypoint '\["docker-entrypoint.sh"\]' --command/,
    ],
    ["a name that cannot be a project's", "worker", "GC1101", { ...START, project: "x".repeat(65) }, /at most 64/],
  ])("refuses %s before anything is written", async (_, service, code, options, message) => {
    using setup = await project();
    const before = setup.folder.files();
    const error = await refusal(addApp(setup.context(), service, options));
    expect([error.code, [error.message, ...error.problems, error.remedy].join()]).toEqual([
      code,
      expect.stringMatching(message),
    ]);
    expect(setup.folder.files()).toEqual(before);
  });

  it.each([
    ["compose.yaml", /is a Compose file/],
    ["Compose.YAML", /is a Compose file/],
    ["web/docker-compose.prod.yml", /is a Compose file/],
    ["compose.glitchtip.yaml", /is a Compose file/],
    ["glitchtip.yaml", /is the declaration itself/],
    [".glitchtip/state/dev.env", /lies in \.glitchtip\//],
    [".git/config", /lies in \.git\//],
    ["stack.yml", /is the Compose file stack\.yml/],
    ["link.env", /is the Compose file stack\.yml/],
    ["web", /is a folder/],
  ])("refuses %s as the dotenv file of a program on this machine", async (dotenv, message) => {
    using setup = await project();
    setup.folder.write("stack.yml", "services: {}\n");
    setup.folder.write("web/index.html", "");
    setup.folder.write(".env", "COMPOSE_FILE=compose.yaml:stack.yml:compose.override.yaml\n");
    symlinkSync("stack.yml", join(setup.folder.path, "link.env"));
    const before = setup.folder.files();
    const error = await refusal(addApp(setup.context(), "dev", { project: "shop", host: true, dotenv }));
    expect([error.code, error.problems]).toEqual(["GC1101", [expect.stringContaining(`--dotenv ${dotenv}: `)]]);
    expect(error.problems.join()).toMatch(message);
    expect(setup.folder.files()).toEqual(before);
  });

  it.each<[AddOptions, string]>([
    [
      { project: "shop", host: true, dotenv: "../j4app/.env.local" },
      "--dotenv ../j4app/.env.local: must be the path of a file in this folder",
    ],
    [
      { project: "x".repeat(65), host: true, dotenv: ".env.local" },
      `--project ${"x".repeat(65)}: the name must have at most 64`,
    ],
    [{ project: "shop", host: true, dotenv: ".env.local", variables: ["1 2"] }, "--variables: "],
  ])("names the option that is wrong, and no line that no file has: %j", async (options, problem) => {
    using setup = await project();
    const error = await refusal(addApp(setup.context(), "dev", options));
    expect([error.code, error.message]).toEqual(["GC1101", expect.stringContaining("nothing was written")]);
    expect(error.problems.join("\n")).toContain(problem);
    expect(error.problems.join("\n")).not.toContain("glitchtip.yaml:");
    expect(error.remedy).toMatch(/^Correct the options/);
    expect(error.remedy?.includes("init --server-url URL in that folder")).toBe(options.dotenv !== undefined);
  });

  it("says how to begin where there is no declaration", async () => {
    using folder = new TemporaryFolder();
    const log = { info() {}, step() {}, debug() {}, warn() {} };
    const error = await refusal(addApp({ dir: folder.path, log, assets: testAssets() }, "api"));
    expect([error.code, error.remedy]).toEqual(["GC1108", expect.stringContaining("init --app api=PROJECT")]);
  });
});

describe("Compose files that cannot be right are refused before anything is written", () => {
  it.each([
    ["services:\n  api: {image: x\n", /^compose\.yaml:\d:\d+ cannot be read: /],
    [
      "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n",
      /wait for each other: a → b → a/,
    ],
    [
      "services: {a: {image: x, depends_on: [dbb]}, db: }\n",
      /needs service "dbb", which is not there; did you mean "db"/,
    ],
    ["services: {a: {extends: {service: b}}}\n", /extends: compose\.yaml has no service "b"/],
    ["include: [nowhere.yaml]\n", /include names nowhere\.yaml, which is not there/],
    ["include: [compose.yaml]\nservices: {a: {image: x}}\n", /include goes in a circle/],
    ["services: {a: {image: x, entrypoint: 'sh -c \"x'}}\n", /has a quote that is not closed/],
    ["services: {glitchtip: {image: x}, a: {image: x, entrypoint: [x]}}\n", /both have services\.glitchtip/],
  ])("%j", async (compose, message) => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", compose);
    const log = { info() {}, step() {}, debug() {}, warn() {} };
    const error = await refusal(
      initWorkspace({ dir: folder.path, log, assets: testAssets() }, { apps: { a: "shop" } }),
    );
    expect(error.message).toMatch(message);
    expect(Object.keys(folder.files())).toEqual(["compose.yaml"]);
  });
});
