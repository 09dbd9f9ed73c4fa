import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import { type AddOptions, add } from "../../../src/operations/add.ts";
import { init } from "../../../src/operations/init.ts";
import type { ProjectDocker } from "../../../src/operations/project/docker.ts";
import { remove } from "../../../src/operations/remove.ts";
import { TemporaryFolder, testAssets } from "../../support/project.ts";
import { refusal } from "../../support/refusal.ts";

const COMPOSE = `services:
  api: { image: shop/api, entrypoint: [node], command: [a.js] }
  worker: { image: shop/worker:2, command: [w.js] }
  jobs: { build: ., platform: linux/arm64 }
  db: { image: postgres:18 }
`;

interface Engine {
  images?: Record<string, { entrypoint: string[]; command: string[] }>;
  answers?: boolean;
}

/** An engine with these images; pulling or building makes one. */
function engine({ images = {}, answers = true }: Engine = {}): ProjectDocker & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    config: async () => undefined,
    async image(reference, platform) {
      if (!answers) throw new CodedError("GC1601", "no engine");
      calls.push(platform === undefined ? reference : `${reference} for ${platform}`);
      return images[reference];
    },
    async obtain(how, files, services) {
      calls.push(`${how} ${services.join(" ")} of ${files.join(" ")}`);
      for (const service of services) {
        images[service === "jobs" ? "shop-jobs" : "shop/worker:2"] = { entrypoint: ["tini"], command: ["run"] };
      }
    },
  };
}

interface Setup {
  readonly folder: TemporaryFolder;
  readonly warnings: string[];
  context(docker?: ProjectDocker): Parameters<typeof add>[0];
}

async function project(compose = COMPOSE): Promise<Setup & Disposable> {
  const folder = new TemporaryFolder();
  const warnings: string[] = [];
  folder.write("compose.yaml", compose);
  folder.write(".env", "COMPOSE_PROJECT_NAME=shop\n");
  const log = { info() {}, step() {}, debug() {}, warn: (text: string) => warnings.push(text) };
  const context = (docker?: ProjectDocker) => ({
    dir: folder.path,
    log,
    env: {},
    assets: testAssets(),
    ...(docker === undefined ? {} : { docker }),
  });
  await init(context(), { apps: { api: "shop" }, organization: "Acme" });
  return { folder, warnings, context, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const START: AddOptions = { entrypoint: ["docker-entrypoint.sh"] };

describe("add", () => {
  it("makes a project whose name is YAML's merge key", async () => {
    using shop = await project();
    const options = { project: "<<", entrypoint: ["tini"], command: ["run"] };
    await add(shop.context(), "worker", options);
    const { projects, apps } = loadDeclaration(shop.folder.read("glitchtip.yaml"), "g");
    expect([Object.keys(projects), apps.worker?.project]).toEqual([["shop", "<<"], "<<"]);
    expect(await add(shop.context(), "worker", options)).toMatchObject({ nothingToChange: true });
  });

  it("changes the declaration by a line, and writes what it comes to", async () => {
    using setup = await project();
    const before = setup.folder.read("glitchtip.yaml");
    const result = await add(setup.context(), "worker", { project: "shop", ...START });
    expect(setup.folder.read("glitchtip.yaml")).toBe(
      `${before}  worker: { project: shop, entrypoint: [ docker-entrypoint.sh ] }\n`,
    );
    expect(result.changed).toEqual(["glitchtip.yaml", "compose.glitchtip.yaml", ".glitchtip/provision.json"]);
    expect(setup.folder.read("compose.glitchtip.yaml")).toContain("\n  worker:\n");
    expect(setup.folder.read("compose.yaml")).toBe(COMPOSE);
  });

  it("declares the project, named as the service when nothing is said", async () => {
    using setup = await project();
    const result = await add(setup.context(), "worker", START);
    expect(result.services.at(-1)).toEqual({ service: "worker", project: "worker", variables: ["SENTRY_DSN"] });
    expect(setup.folder.read("glitchtip.yaml")).toContain("  worker: { team: developers }\n");
  });

  it("takes variables and an audience", async () => {
    using setup = await project();
    await add(setup.context(), "worker", { ...START, variables: ["A", "B"], audience: "public" });
    expect(setup.folder.read(".glitchtip/provision.json")).toMatch(/"A": "public",\s+"B": "public"/);
  });

  it("changes nothing a second time, and does not contradict what is there", async () => {
    using setup = await project();
    await add(setup.context(), "worker", { project: "shop", ...START });
    expect(await add(setup.context(), "worker")).toMatchObject({ nothingToChange: true });
    const error = await refusal(add(setup.context(), "worker", { project: "other" }));
    expect([error.code, error.problems]).toEqual(["GC1001", ['apps.worker.project: "other" here, "shop" there']]);
  });

  it("only says what it would do in a dry run", async () => {
    using setup = await project();
    const before = setup.folder.files();
    expect(await add(setup.context(), "worker", { ...START, dryRun: true })).toMatchObject({ dryRun: true });
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
    const error = await refusal(add(setup.context(), service, options));
    expect([error.code, [error.message, ...error.problems].join()]).toEqual([code, expect.stringMatching(message)]);
    expect(setup.folder.files()).toEqual(before);
  });

  it("says how to begin where there is no declaration", async () => {
    using folder = new TemporaryFolder();
    const log = { info() {}, step() {}, debug() {}, warn() {} };
    const error = await refusal(add({ dir: folder.path, log, assets: testAssets() }, "api"));
    expect([error.code, error.remedy]).toEqual(["GC1108", expect.stringContaining("init --app api=PROJECT")]);
  });
});

describe("what only an image knows", () => {
  const image = { entrypoint: ["docker-entrypoint.sh"], command: ["/bin/sh", "-c", 'exec "$APP"'] };

  it("is asked of the engine and remembered, so that a run without one writes the same", async () => {
    using setup = await project();
    await add(setup.context(engine({ images: { "postgres:18": image } })), "db");
    expect(setup.folder.read("compose.glitchtip.yaml")).toContain(`command: [/bin/sh, -c, "exec \\"$$APP\\""]`);
    expect(setup.folder.read("glitchtip.yaml")).not.toContain("entrypoint:");
    for (const docker of [undefined, engine({ answers: false }), engine()]) {
      expect(await init(setup.context(docker))).toMatchObject({ nothingToChange: true });
    }
  });

  it("follows the image when that has changed, and is forgotten with its name", async () => {
    using setup = await project();
    await add(setup.context(engine({ images: { "postgres:18": image } })), "db");
    await init(setup.context(engine({ images: { "postgres:18": { ...image, command: ["other"] } } })));
    expect(setup.folder.read("compose.glitchtip.yaml")).toContain("command: [other]");
    setup.folder.write("compose.yaml", COMPOSE.replace("postgres:18", "postgres:19"));
    expect((await refusal(init(setup.context()))).code).toBe("GC1106");
  });

  it("is not asked where the files or the declaration say it", async () => {
    using setup = await project();
    const docker = engine();
    await add(setup.context(docker), "worker", START);
    expect(docker.calls).toEqual([]);
  });

  it.each([
    ["worker", "--pull", "shop/worker:2"],
    ["jobs", "--build", "is not built yet"],
  ])("of %s is had by %s only", async (service, flag, words) => {
    using setup = await project();
    const error = await refusal(add(setup.context(engine()), service));
    expect([error.code, error.message]).toEqual(["GC1106", expect.stringContaining(flag)]);
    expect(error.message).toContain(words);
    const docker = engine();
    await add(setup.context(docker), service, flag === "--pull" ? { pull: true } : { build: true });
    expect(docker.calls).toEqual(
      flag === "--pull"
        ? ["shop/worker:2", "pull worker of compose.yaml", "shop/worker:2"]
        : ["shop-jobs for linux/arm64", "build jobs of compose.yaml", "shop-jobs for linux/arm64"],
    );
  });

  it("is had after a question on a terminal", async () => {
    using setup = await project();
    const asked: string[] = [];
    const ask = async (question: string) => {
      asked.push(question);
      return true;
    };
    await add(setup.context(engine()), "worker", { ask });
    expect(asked).toEqual(["shop/worker:2: not on this machine. Pull it now?"]);
  });

  it("says so where no engine answers", async () => {
    using setup = await project();
    const error = await refusal(add(setup.context(engine({ answers: false })), "worker"));
    expect(error.message).toMatch(
      /entrypoint comes from its image shop\/worker:2, and no Docker engine answers: start one; or type/,
    );
  });

  it("may be nothing at all, which is an error", async () => {
    using setup = await project();
    const docker = engine({ images: { "postgres:18": { entrypoint: [], command: [] } } });
    const error = await refusal(add(setup.context(docker), "db"));
    expect(error.message).toMatch(/image postgres:18 has neither entrypoint nor command/);
  });

  it("is told for all services at once, by flags where there is no declaration yet", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", COMPOSE);
    const log = { info() {}, step() {}, debug() {}, warn() {} };
    const error = await refusal(
      init({ dir: folder.path, log, assets: testAssets() }, { apps: { worker: "a", db: "b" } }),
    );
    expect(error.problems).toEqual([
      expect.stringMatching(/^service worker: entrypoint comes from .* --entrypoint 'worker=/),
      expect.stringMatching(/^service db: entrypoint and command come from .* --entrypoint 'db=.* --command 'db=/),
    ]);
    expect([...error.problems, error.remedy].join()).not.toContain("glitchtip.yaml");
  });
});

describe("remove", () => {
  it("takes a service out of the declaration and of ours, and leaves the project declared", async () => {
    using setup = await project();
    const before = setup.folder.read("compose.glitchtip.yaml");
    await add(setup.context(), "worker", { project: "jobs", ...START });
    await remove(setup.context(), "worker");
    expect(setup.folder.read("compose.glitchtip.yaml")).toBe(before);
    expect(setup.folder.read("glitchtip.yaml")).toContain("  jobs: { team: developers }\n");
  });

  it("may take out the last one, which is warned about", async () => {
    using setup = await project();
    expect((await remove(setup.context(), "api")).services).toEqual([]);
    expect(setup.folder.read("glitchtip.yaml")).toMatch(/\napps: \{ *\}\n/);
    expect(setup.warnings).toEqual(["no service gets a DSN: `apps` is empty"]);
  });

  it("takes out one that the Compose file no longer has", async () => {
    using setup = await project();
    await add(setup.context(), "worker", { project: "shop", ...START });
    setup.folder.write("compose.yaml", COMPOSE.replace(/ {2}worker.*\n/, ""));
    expect((await refusal(init(setup.context()))).code).toBe("GC1104");
    await remove(setup.context(), "worker");
    expect(await init(setup.context())).toMatchObject({ nothingToChange: true });
  });

  it("knows only what the declaration has", async () => {
    using setup = await project();
    const error = await refusal(remove(setup.context(), "apii"));
    expect([error.code, error.message, error.remedy]).toEqual([
      "GC1104",
      'glitchtip.yaml has no app "apii"; did you mean "api"?',
      "It has api.",
    ]);
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
    const error = await refusal(init({ dir: folder.path, log, assets: testAssets() }, { apps: { a: "shop" } }));
    expect(error.message).toMatch(message);
    expect(Object.keys(folder.files())).toEqual(["compose.yaml"]);
  });
});
