import { describe, expect, it } from "vitest";
import { initWorkspace } from "../../../../src/init/init.ts";
import { addApp } from "../../../../src/workspace/apps.ts";
import { refusal } from "../../../support/refusal.ts";
import { TemporaryFolder, testAssets } from "../../../support/workspace.ts";
import { COMPOSE, engine, project, START } from "./shop.ts";

describe("what only an image knows", () => {
  const image = { entrypoint: ["docker-entrypoint.sh"], command: ["/bin/sh", "-c", 'exec "$APP"'] };

  it("is read from the engine and remembered, so that a run without an engine writes the same", async () => {
    using setup = await project();
    await addApp(setup.context(engine({ images: { "postgres:18": image } })), "db");
    expect(setup.folder.read("compose.override.yaml")).toContain(`command: [/bin/sh, -c, "exec \\"$$APP\\""]`);
    expect(setup.folder.read("glitchtip.yaml")).not.toContain("entrypoint:");
    for (const docker of [undefined, engine({ answers: false }), engine()]) {
      expect(await initWorkspace(setup.context(docker))).toMatchObject({ nothingToChange: true });
    }
  });

  it("is read again when the image has changed, and forgotten when another image is named", async () => {
    using setup = await project();
    await addApp(setup.context(engine({ images: { "postgres:18": image } })), "db");
    await initWorkspace(setup.context(engine({ images: { "postgres:18": { ...image, command: ["other"] } } })));
    expect(setup.folder.read("compose.override.yaml")).toContain("command: [other]");
    setup.folder.write("compose.yaml", COMPOSE.replace("postgres:18", "postgres:19"));
    expect((await refusal(initWorkspace(setup.context()))).code).toBe("GC1106");
  });

  it("is not read where the Compose files or the declaration state it", async () => {
    using setup = await project();
    const docker = engine();
    await addApp(setup.context(docker), "worker", START);
    expect(docker.calls).toEqual([]);
  });

  it.each([
    ["worker", "--pull", "shop/worker:2, which this machine does not have"],
    ["jobs", "--build", "is not built yet"],
  ])("of %s is fetched only with %s", async (service, flag, words) => {
    using setup = await project();
    const error = await refusal(addApp(setup.context(engine()), service));
    expect([error.code, error.problems]).toEqual(["GC1106", [`→ npx glitchtip-compose add ${service} ${flag}`]]);
    expect(error.message).toContain(words);
    // There is no image yet that could be inspected.
    expect(error.remedy).toMatch(/^Or state in your Compose file what \w+ starts, such as: entrypoint: \["/);
    const docker = engine();
    await addApp(setup.context(docker), service, flag === "--pull" ? { pull: true } : { build: true });
    expect(docker.calls).toEqual(
      flag === "--pull"
        ? ["shop/worker:2", "pull worker of compose.yaml", "shop/worker:2"]
        : ["shop-jobs for linux/arm64", "build jobs of compose.yaml", "shop-jobs for linux/arm64"],
    );
  });

  it("is fetched after a question on a terminal", async () => {
    using setup = await project();
    const asked: string[] = [];
    const ask = async (question: string) => {
      asked.push(question);
      return true;
    };
    await addApp(setup.context(engine()), "worker", { ask });
    expect(asked).toEqual([
      "worker: its entrypoint comes from the image shop/worker:2, which is not on this machine. Pull it now?",
    ]);
  });

  it("is asked for once for all images that have to be built", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", "services: {web: {build: .}, jobs: {build: ., command: [jobs]}}\n");
    const log = { info() {}, step() {}, debug() {}, warn() {} };
    const asked: string[] = [];
    const ask = async (question: string) => void asked.push(question) !== undefined;
    const context = {
      dir: folder.path,
      log,
      env: { COMPOSE_PROJECT_NAME: "j2" },
      assets: testAssets(),
      docker: engine(),
    };
    const commandLine = "npx glitchtip-compose init --yes --app web=shop --app jobs=shop";
    const error = await refusal(initWorkspace(context, { apps: { web: "shop", jobs: "shop" }, ask, commandLine }));
    expect(asked).toEqual([
      expect.stringMatching(
        /^web: its entrypoint and command come from the image \S+-web; jobs: its entrypoint comes from the image \S+-jobs, which are not built yet\. Build them now\?$/,
      ),
    ]);
    expect(error.problems).toContain(`→ ${commandLine} --build`);
    expect([...error.problems, error.remedy].join()).not.toMatch(/…|image inspect/);
  });

  it("is asked for again with everything that was typed", async () => {
    using setup = await project();
    const typed = { project: "it's", variables: ["A", "B"], command: ["run it"] };
    const error = await refusal(addApp(setup.context(engine()), "worker", typed));
    expect(error.problems).toEqual([
      `→ npx glitchtip-compose add worker --project 'it'"'"'s' --variables A,B --command '["run it"]' --pull`,
    ]);
  });

  it("is an error that says so where no engine answers", async () => {
    using setup = await project();
    const error = await refusal(addApp(setup.context(engine({ answers: false })), "worker"));
    expect(error.message).toMatch(/its entrypoint comes from shop\/worker:2, and no Docker engine answers$/);
    expect([error.problems, error.remedy]).toEqual([
      ["→ Start Docker, then run the command again."],
      expect.stringMatching(/^Or add/),
    ]);
  });

  it("is an error where a variable leaves the image without a name, which no engine is asked for", async () => {
    using setup = await project();
    setup.folder.write("compose.yaml", COMPOSE.replace("image: shop/worker:2", `image: "\${WORKER_IMAGE:?}"`));
    const docker = engine();
    const error = await refusal(addApp(setup.context(docker), "worker"));
    expect(error.message).toMatch(/entrypoint comes from its image, whose name is empty: its variable has no value/);
    expect(error.remedy).toMatch(/^add what/);
    expect(docker.calls).toEqual([]);
  });

  it("is an error where the image states nothing", async () => {
    using setup = await project();
    const docker = engine({ images: { "postgres:18": { entrypoint: [], command: [] } } });
    const error = await refusal(addApp(setup.context(docker), "db"));
    expect(error.message).toMatch(/image postgres:18 has neither entrypoint nor command/);
  });

  it("is an error for all services at once, which names flags where there is no declaration yet", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", COMPOSE);
    const log = { info() {}, step() {}, debug() {}, warn() {} };
    const error = await refusal(
      initWorkspace({ dir: folder.path, log, assets: testAssets() }, { apps: { worker: "a", db: "b" } }),
    );
    expect(error.problems).toEqual([
      "service worker: its entrypoint comes from shop/worker:2",
      expect.stringMatching(/^→ .* --entrypoint 'worker=/),
      "service db: its entrypoint and command come from postgres:18",
      expect.stringMatching(/^→ .* --entrypoint 'db=.* --command 'db=/),
    ]);
    expect([...error.problems, error.remedy].join()).not.toContain("glitchtip.yaml");
  });
});
