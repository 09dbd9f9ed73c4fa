import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../../../src/base/errors.ts";
import { loadDeclaration } from "../../../../src/config/load.ts";
import { type InitOptions, type InitResult, init } from "../../../../src/operations/init.ts";
import { SAMPLE_PROJECT } from "../../../../src/operations/project/assets.ts";
import { readProject } from "../../../../src/operations/project/read.ts";
import { readUserCompose } from "../../../../src/stack/user-compose.ts";
import { TemporaryFolder, testAssets } from "../../../support/project.ts";

const SERVICE = "services:\n  api:\n    image: shop/api\n    entrypoint: [node]\n    command: [server.js]\n";

function run(folder: TemporaryFolder, options: InitOptions = {}, more: { version?: string; warnings?: string[] } = {}) {
  const log = { info() {}, step() {}, debug() {}, warn: (text: string) => more.warnings?.push(text) };
  return init({ dir: folder.path, log, env: {}, assets: testAssets(more.version) }, options);
}

async function refusal(promise: Promise<InitResult>): Promise<CodedError> {
  const error: unknown = await promise.then(
    () => new Error("nothing was refused"),
    (reason: unknown) => reason,
  );
  if (error instanceof CodedError) return error;
  throw error;
}

describe("init in an empty folder", () => {
  it("writes a declaration, a sample app, the stack and its secrets", async () => {
    using folder = new TemporaryFolder();
    const result = await run(folder, { organization: "Acme" });
    expect(Object.keys(folder.files())).toEqual([
      ".env",
      ".glitchtip/.gitignore",
      ".glitchtip/base/.gitignore",
      ".glitchtip/base/compose.glitchtip.yaml",
      ".glitchtip/base/gate.py",
      ".glitchtip/base/provision.json",
      ".glitchtip/base/provisioner.mjs",
      ".glitchtip/base/with-dsn",
      ".glitchtip/gate.py",
      ".glitchtip/manifest.json",
      ".glitchtip/provision.json",
      ".glitchtip/provisioner.mjs",
      ".glitchtip/secrets/admin_password",
      ".glitchtip/secrets/db_password",
      ".glitchtip/secrets/secret_key",
      ".glitchtip/with-dsn",
      "app/server.mjs",
      "compose.glitchtip.yaml",
      "compose.yaml",
      "glitchtip.yaml",
    ]);
    expect(result).toMatchObject({
      nothingToChange: false,
      services: [{ service: "app", project: "app", variables: ["SENTRY_DSN"] }],
      url: "http://localhost:8000",
      admin: { email: "admin@example.com", passwordFile: ".glitchtip/secrets/admin_password" },
      next: "docker compose up -d --wait",
    });
    expect(folder.read(".env")).toBe(
      "COMPOSE_PATH_SEPARATOR=:\nCOMPOSE_FILE=compose.yaml:compose.glitchtip.yaml\nGLITCHTIP_PORT=8000\nAPP_PORT=3000\n",
    );
  });

  it("writes a declaration that says what the options said", async () => {
    using folder = new TemporaryFolder();
    await run(folder, {
      organization: 'A "quoted": name #1',
      email: "me@example.com",
      image: "glitchtip/glitchtip:5.2",
      port: 9000,
      registration: "open",
      provisioner: "build",
    });
    expect(loadDeclaration(folder.read("glitchtip.yaml"), "glitchtip.yaml")).toMatchObject({
      organization: 'A "quoted": name #1',
      admin: { email: "me@example.com" },
      server: { image: "glitchtip/glitchtip:5.2", port: 9000, registration: "open" },
      projects: { app: { team: "developers" } },
      apps: { app: { project: "app" } },
      provisioner: "build",
    });
    expect(folder.read("glitchtip.yaml")).toMatch(/^# What GlitchTip has to look like/);
  });

  it("makes secrets from the alphabet that no address has to escape, readable in a closed folder", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    for (const name of ["admin_password", "db_password", "secret_key"]) {
      expect(folder.read(`.glitchtip/secrets/${name}`)).toMatch(/^[A-Za-z0-9_-]{24,}$/);
      expect(folder.mode(`.glitchtip/secrets/${name}`)).toBe("444");
    }
    expect(folder.mode(".glitchtip/secrets")).toBe("700");
  });

  it("knows the sample's Compose file without parsing it", () => {
    const text = testAssets().sample("compose.yaml");
    const { app } = readUserCompose([{ path: "compose.yaml", text }]).services;
    expect({ app: { ...app, image: undefined } }).toEqual({
      app: { ...SAMPLE_PROJECT.services.app, image: undefined },
    });
  });

  it("only says what it would do in a dry run", async () => {
    using folder = new TemporaryFolder();
    const result = await run(folder, { dryRun: true });
    expect(result.created).toContain("glitchtip.yaml");
    expect(folder.files()).toEqual({});
  });

  it("goes on from wherever it was interrupted", async () => {
    using whole = new TemporaryFolder();
    const { created } = await run(whole, { organization: "Acme" });
    const files = whole.files();
    // What the run had written when it was killed after each file; the manifest stands before what it lists.
    const order = created.flatMap((path) =>
      path === "compose.glitchtip.yaml" ? [".glitchtip/manifest.json", path] : [path],
    );
    for (let count = 0; count < order.length; count++) {
      using partly = new TemporaryFolder();
      for (const path of order.slice(0, count)) partly.write(path, files[path] ?? "");
      await run(partly, { organization: "Acme" });
      const secrets = Object.keys(files).filter((path) => path.includes("secrets/"));
      for (const path of secrets) files[path] = partly.read(path);
      expect(partly.files()).toEqual(files);
    }
  });
});

describe("init beside a Compose file", () => {
  it.each(["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"])(
    "leaves %s alone",
    async (name) => {
      using folder = new TemporaryFolder();
      folder.write(name, SERVICE);
      await run(folder, { apps: { api: "shop-api" } });
      expect(folder.read(name)).toBe(SERVICE);
      expect(folder.read(".env")).toContain(`COMPOSE_FILE=${name}:compose.glitchtip.yaml\n`);
      expect(folder.files()).not.toHaveProperty("app/server.mjs");
      expect(loadDeclaration(folder.read("glitchtip.yaml"), "g")).toMatchObject({
        projects: { "shop-api": {} },
        apps: { api: { project: "shop-api" } },
      });
    },
  );

  it("keeps the override file that Compose would no longer find by itself", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", SERVICE);
    folder.write("compose.override.yaml", "services: {api: {read_only: true}}\n");
    await run(folder, { apps: { api: "shop" } });
    expect(folder.read(".env")).toContain("COMPOSE_FILE=compose.yaml:compose.override.yaml:compose.glitchtip.yaml\n");
    expect(folder.read("compose.glitchtip.yaml")).toContain("./.glitchtip/with-dsn:/glitchtip-with-dsn:ro");
  });

  it("adds to .env and changes nothing else in it", async () => {
    using folder = new TemporaryFolder();
    folder.write("a.yml", SERVICE);
    folder.write(".env", "# mine\nCOMPOSE_FILE=a.yml # two\nGLITCHTIP_PORT=9100\n");
    const result = await run(folder, { apps: { api: "shop" } });
    expect(folder.read(".env")).toBe(
      "# mine\nCOMPOSE_FILE=a.yml:compose.glitchtip.yaml # two\nGLITCHTIP_PORT=9100\nCOMPOSE_PATH_SEPARATOR=:\n",
    );
    expect(result.url).toBe("http://localhost:9100");
  });

  it("takes entrypoint and command that only the image knows from the options", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", "services: {api: {image: x}}\n");
    expect((await refusal(run(folder, { apps: { api: "shop" } }))).code).toBe("GC1106");
    expect(folder.files()).toEqual({ "compose.yaml": "services: {api: {image: x}}\n" });
    await run(folder, { apps: { api: "shop" }, entrypoints: { api: ["tini", "--"] }, commands: { api: ["run"] } });
    expect(readProject(folder.path).declaration.apps.api).toMatchObject({
      entrypoint: ["tini", "--"],
      command: ["run"],
    });
  });

  it("asks which services are meant, by an error that says what to type", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", SERVICE);
    const error = await refusal(run(folder));
    expect([error.code, error.remedy]).toEqual([
      "GC1002",
      "Type for each of them: --app api=PROJECT (services here: api)",
    ]);
  });

  it("takes a project whose name is YAML's merge key for a name", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", `${SERVICE}  web:\n    image: w\n    entrypoint: [w]\n    command: [w]\n`);
    await run(folder, { apps: { api: "<<" } });
    expect(Object.keys(readProject(folder.path).declaration.projects)).toEqual(["<<"]);
    await run(folder, { apps: { api: "<<" } });
  });

  it("warns where a Compose file after ours takes the wrapper away again", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", SERVICE);
    await run(folder, { apps: { api: "shop" } });
    folder.write(".env", "COMPOSE_FILE=compose.yaml:compose.glitchtip.yaml:mine.yaml\n");
    const warningsWith = async (service: string) => {
      folder.write("mine.yaml", `services: {api: ${service}}\n`);
      const warnings: string[] = [];
      await run(folder, {}, { warnings });
      return warnings;
    };
    const lost = [
      expect.stringMatching(/^mine\.yaml stands after .* entrypoint for api: .* Put compose\.glitchtip\.yaml last/),
    ];
    expect(await warningsWith("{entrypoint: [tini]}")).toEqual(lost);
    expect(await warningsWith("{entrypoint: !override [tini]}")).toEqual(lost);
    expect(await warningsWith("{entrypoint: [/glitchtip-with-dsn, api, --, tini]}")).toEqual([]);
    expect(await warningsWith("{environment: {A: b}}")).toEqual([]);
  });

  it("warns about a DSN that the service or its env file sets already", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", `${SERVICE}    env_file: [api.env, missing.env]\n`);
    folder.write("api.env", "SENTRY_DSN=http://old\n");
    const warnings: string[] = [];
    await run(folder, { apps: { api: "shop" } }, { warnings });
    expect(warnings).toEqual(["service api sets SENTRY_DSN itself; the DSN from GlitchTip wins over it"]);
  });
});

describe("a further init", () => {
  it("changes nothing, not even a time stamp", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    const before = [folder.files(), folder.modifiedMs()];
    expect(await run(folder)).toMatchObject({ nothingToChange: true, created: [], changed: [] });
    expect([folder.files(), folder.modifiedMs()]).toEqual(before);
  });

  it("brings the stack up to date with an edited declaration", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    folder.write("glitchtip.yaml", folder.read("glitchtip.yaml").replace("server:", "server:\n  topology: split"));
    expect((await run(folder)).changed).toEqual(["compose.glitchtip.yaml"]);
    expect(folder.read("compose.glitchtip.yaml")).toContain("glitchtip-worker:");
    // Noted in passing, no change of its own: the provisioner warns of a declaration that it does not know.
    const noted = createHash("sha256").update(folder.read("glitchtip.yaml")).digest("hex");
    expect(JSON.parse(folder.read(".glitchtip/provision.json"))).toMatchObject({ declarationSha256: noted });
  });

  it("may repeat what the declaration says and not contradict it", async () => {
    using folder = new TemporaryFolder();
    await run(folder, { organization: "Acme" });
    await run(folder, { organization: "Acme", apps: { app: "app" } });
    const error = await refusal(run(folder, { organization: "Other", apps: { app: "shop" } }));
    expect([error.code, error.problems]).toEqual([
      "GC1001",
      [
        'organization: "Other" here, "Acme" in glitchtip.yaml',
        'apps.app.project: "shop" here, "app" in glitchtip.yaml',
      ],
    ]);
  });

  it("takes away what a killed run left beside the files, and nothing of anybody else's", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    const leftovers = [".env", ".glitchtip/gate.py", ".glitchtip/base/gate.py", ".glitchtip/secrets/db_password"];
    for (const path of [...leftovers, "notes"]) folder.write(`${path}.${2 ** 30}-0123456789ab.tmp`, "half");
    folder.remove(".glitchtip/gate.py");
    await run(folder);
    expect(Object.keys(folder.files()).filter((path) => path.endsWith(".tmp"))).toEqual([
      `notes.${2 ** 30}-0123456789ab.tmp`,
    ]);
  });

  it("makes only the secrets that a clone does not have", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    const kept = folder.read(".glitchtip/secrets/db_password");
    folder.remove(".glitchtip/secrets/admin_password");
    expect((await run(folder)).created).toEqual([".glitchtip/secrets/admin_password"]);
    expect(folder.read(".glitchtip/secrets/db_password")).toBe(kept);
  });

  it.each(["cannot be read", "is empty"])("never makes a secret anew because it %s", async (why) => {
    using folder = new TemporaryFolder();
    await run(folder);
    const path = ".glitchtip/secrets/db_password";
    folder.remove(path);
    if (why === "is empty") folder.write(path, "");
    else mkdirSync(join(folder.path, path));
    const error = await refusal(run(folder));
    expect([error.code, error.message]).toEqual(["GC1107", expect.stringContaining(path)]);
  });

  it("gives back to containers the right to read a clone made under a strict umask", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    const text = folder.read(".glitchtip/gate.py");
    folder.remove(".glitchtip/gate.py");
    folder.write(".glitchtip/gate.py", text, 0o600);
    expect((await run(folder)).changed).toEqual([".glitchtip/gate.py"]);
    expect(folder.mode(".glitchtip/gate.py")).toBe("644");
  });
});

describe("bad input is refused before anything is written", () => {
  it.each<[string, InitOptions, string, RegExp]>([
    [
      "a name that is too long",
      { apps: { app: "x".repeat(65) } },
      "GC1101",
      /projects\.x+: the name must have at most 64/,
    ],
    ["a blank organization", { organization: "  " }, "GC1101", /organization: must not be blank/],
    ["an address that is none", { email: "nobody" }, "GC1101", /admin\.email: must be an e-mail address/],
    ["an image of no generation", { image: "glitchtip/glitchtip" }, "GC1101", /server\.image: the tag/],
    ["an unknown service", { apps: { api: "shop" } }, "GC1104", /no service "api"/],
    ["an entrypoint of no app", { entrypoints: { ap: ["x"] } }, "GC1001", /ap gets no DSN.*did you mean "app"/],
  ])("%s", async (_, options, code, message) => {
    using folder = new TemporaryFolder();
    const error = await refusal(run(folder, options));
    expect([error.code, [error.message, ...error.problems].join("\n")]).toEqual([code, expect.stringMatching(message)]);
    expect(folder.files()).toEqual({});
  });

  it.each([
    ["COMPOSE_FILE=../compose.yaml\n", "GC1103", "another folder"],
    ["COMPOSE_FILE=nowhere.yaml\n", "GC1103", "which is not there"],
    ["GLITCHTIP_PORT=none\n", "GC1110", "GLITCHTIP_PORT in .env is no port: none"],
  ])("a .env with %j", async (text, code, message) => {
    using folder = new TemporaryFolder();
    folder.write(".env", text);
    const error = await refusal(run(folder));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
    expect(folder.files()).toEqual({ ".env": text });
  });

  it("a declaration that is a folder", async () => {
    using folder = new TemporaryFolder();
    mkdirSync(join(folder.path, "glitchtip.yaml"));
    expect((await refusal(run(folder))).code).toBe("GC1102");
  });

  it("a password file that is not there", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    const declaration = folder.read("glitchtip.yaml").replace("{ email:", "{ password: file:pw.txt, email:");
    folder.write("glitchtip.yaml", declaration);
    expect(await refusal(run(folder))).toMatchObject({ code: "GC1107", message: expect.stringContaining("pw.txt") });
    folder.write("pw.txt", "secret");
    expect((await run(folder)).admin).toEqual({ email: "admin@example.com" });
  });

  it("a place where nothing can be written is named", async () => {
    using folder = new TemporaryFolder();
    folder.write(".glitchtip", "in the way");
    const error = await refusal(run(folder));
    expect([error.code, error.message]).toEqual(["GC1501", expect.stringContaining(join(folder.path, ".glitchtip"))]);
  });
});

describe("a project on disk", () => {
  it("is read with its files, port and Compose name", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", `name: shop\n${SERVICE}`);
    await run(folder, { apps: { api: "shop" }, port: 8123 });
    expect(readProject(folder.path)).toMatchObject({
      composeFiles: ["compose.yaml", "compose.glitchtip.yaml"],
      port: 8123,
      composeProjectName: "shop",
      declaration: { apps: { api: { project: "shop" } } },
    });
  });

  it("without a declaration is an error that says how to get one", () => {
    using folder = new TemporaryFolder();
    expect(() => readProject(folder.path)).toThrow(
      expect.objectContaining({ code: "GC1108", remedy: expect.stringContaining("npx glitchtip-compose init") }),
    );
  });
});
