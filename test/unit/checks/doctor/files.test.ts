import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../../../src/base/errors.ts";
import { ejectFiles } from "../../../../src/workspace/render.ts";
import { container } from "../../../support/fake-docker.ts";
import { ASSETS, CONFIG, examine, initiated } from "./examined.ts";

describe("the files of the workspace", () => {
  const inProject = async (change: (dir: string) => void) => {
    using folder = await initiated();
    change(folder.dir);
    return (await examine({ dir: folder.dir })).bad;
  };

  it("are edited", async () => {
    const bad = await inProject((dir) => appendFileSync(join(dir, "compose.override.yaml"), "# mine\n"));
    expect(bad).toMatchObject([
      {
        check: "files",
        level: "warn",
        what: "compose.override.yaml was edited by hand",
        fix: expect.stringMatching(/your own/),
      },
    ]);
  });

  it.each([
    ["COMPOSE_FILE=compose.yaml\n", "COMPOSE_FILE in .env does not list compose.override.yaml"],
    ["COMPOSE_FILE=compose.yaml:compose.override.yaml\n", undefined],
  ])("are missed by Compose, or not, with %j in .env", async (env, what) => {
    const bad = await inProject((dir) => writeFileSync(join(dir, ".env"), env));
    const found = bad.filter(({ what }) => what.includes("so Compose starts your services without GlitchTip"));
    expect(found).toEqual(
      what === undefined
        ? []
        : [expect.objectContaining({ check: "files", level: "fail", what: expect.stringContaining(what) })],
    );
  });

  it("were not given to Compose when an app was started", async () => {
    using folder = await initiated();
    const started = async (configFiles: string[]) => {
      const docker = { containers: [container("api", { configFiles })] };
      const { bad } = await examine({ dir: folder.dir, docker });
      return bad.filter(({ what }) => what.startsWith("api was started without our Compose file"));
    };
    expect(await started([`${folder.dir}/compose.yaml`])).toEqual([
      expect.objectContaining({ check: "containers", level: "fail", fix: "docker compose up -d --wait" }),
    ]);
    expect(await started([`${folder.dir}/compose.yaml`, `${folder.dir}/compose.override.yaml`])).toEqual([]);
  });

  it("hold an address that GlitchTip cannot parse", async () => {
    const address = await inProject((dir) => {
      appendFileSync(join(dir, "glitchtip.yaml"), "mail: { url: file:mail-url }\n");
      writeFileSync(join(dir, "mail-url"), "submission://u:p@h:587");
    });
    expect(address).toContainEqual({
      check: "secrets",
      level: "fail",
      what: "mail.url: file:mail-url has the unknown scheme submission://",
      fix: "Write smtp+tls:// instead of it.",
    });
  });

  it("are edited and would be merged, or cannot be, or are the user's own and behind", async () => {
    const declare = (dir: string) =>
      appendFileSync(join(dir, "glitchtip.yaml"), "onFailure: start-without-reporting\n");
    const stack = "compose.override.yaml";
    const found = async (change: (dir: string) => void) =>
      (
        await inProject((dir) => {
          change(dir);
          declare(dir);
        })
      ).find(({ what }) => what.startsWith(stack));
    expect(await found((dir) => appendFileSync(join(dir, stack), "# mine\n"))).toMatchObject({
      level: "warn",
      what: `${stack} was edited by hand and is older than glitchtip.yaml, your Compose files or this version`,
      fix: "npx glitchtip-compose render",
    });
    expect(await found((dir) => writeFileSync(join(dir, stack), "services: {}\n"))).toMatchObject({
      level: "warn",
      what: `${stack} was edited on lines that the tool changes too`,
    });
    expect(await found((dir) => ejectFiles({ dir, assets: ASSETS }, [stack]))).toMatchObject({
      level: "warn",
      what: `${stack} is yours, and what we would write has changed`,
      fix: `npx glitchtip-compose render --adopt ${stack}`,
    });
  });

  it("lose an app's wrapper to a Compose file that is read after ours", async () => {
    const bad = await inProject((dir) => {
      writeFileSync(join(dir, "mine.yaml"), "services: {api: {entrypoint: [tini]}}\n");
      writeFileSync(join(dir, ".env"), "COMPOSE_FILE=compose.yaml:compose.override.yaml:mine.yaml\n");
    });
    expect(bad).toContainEqual(
      expect.objectContaining({
        check: "services",
        level: "fail",
        what: expect.stringContaining("an entrypoint for api"),
      }),
    );
  });

  it("are missing", async () => {
    const bad = await inProject((dir) => rmSync(join(dir, ".glitchtip", "gate.py")));
    expect(bad).toMatchObject([{ check: "files", level: "fail", what: ".glitchtip/gate.py is missing" }]);
  });

  it("lack a secret that the declaration refers to", async () => {
    const bad = await inProject((dir) => {
      const file = join(dir, "glitchtip.yaml");
      writeFileSync(file, readFileSync(file, "utf8").replace("email:", "password: 'file:./pw', email:"));
    });
    expect(bad).toContainEqual(
      expect.objectContaining({
        check: "secrets",
        level: "fail",
        what: expect.stringContaining("there is no file ./pw"),
      }),
    );
  });

  it("name a service that the user has renamed, which breaks every command of Compose", async () => {
    const bad = await inProject((dir) => {
      const file = join(dir, "compose.yaml");
      writeFileSync(file, readFileSync(file, "utf8").replace("api:", "apis:"));
    });
    expect(bad[0]).toMatchObject({
      check: "services",
      what: 'compose.override.yaml adds to service "api", which compose.yaml no longer has; did you mean "apis"?',
    });
  });

  it("have mistakes, all of which are reported", async () => {
    const bad = await inProject((dir) => appendFileSync(join(dir, "glitchtip.yaml"), "onFailur: block\nadmn: x\n"));
    expect(bad).toMatchObject([
      {
        check: "declaration",
        level: "fail",
        details: [expect.stringContaining("onFailur"), expect.stringContaining("admn")],
      },
    ]);
  });
});

describe("containers", () => {
  it("need more memory after an out-of-memory kill, although they run", async () => {
    using folder = await initiated();
    const { bad } = await examine({
      dir: folder.dir,
      docker: { containers: [container("api"), container("glitchtip", { oomKilled: true })] },
    });
    expect(bad).toMatchObject([{ check: "containers", fix: expect.stringMatching(/^Raise mem_limit of glitchtip/) }]);
  });
});

describe("the secrets that the stack makes", () => {
  const SETUP = {
    image: "node:24",
    environment: { GLITCHTIP_SETUP_NAMES: "glitchtip_db_password glitchtip_secret_key" },
  };
  const path = (name: string) => `id-glitchtip-setup:/run/secrets/${name}/value`;
  const stored = { [path("glitchtip_db_password")]: "a", [path("glitchtip_secret_key")]: "b" };
  const secretsOf = async (files: Readonly<Record<string, string>> | undefined, old: readonly string[] = []) => {
    using folder = await initiated();
    const secrets = join(folder.dir, ".glitchtip", "secrets");
    mkdirSync(secrets, { recursive: true });
    for (const name of old) writeFileSync(join(secrets, name), "x");
    const config = { ...CONFIG, services: { ...CONFIG.services, "glitchtip-setup": SETUP } };
    const containers = files === undefined ? [] : [container("glitchtip-setup", { state: "exited" })];
    const { all } = await examine({ dir: folder.dir, docker: { config, containers, files: files ?? {} } });
    return all.filter(({ check }) => check === "secrets");
  };

  it.each([
    [
      "are made by the first up of a workspace that was never started",
      undefined,
      [],
      "will be created by the first docker compose up",
    ],
    [
      "are taken over from an earlier version",
      undefined,
      ["db_password"],
      "will be taken over by the first docker compose up",
    ],
    ["are in their volumes", stored, [], "all there and readable"],
  ])("%s", async (_, files, old, what) => {
    expect(await secretsOf(files, old)).toEqual([{ check: "secrets", level: "ok", what }]);
  });

  it("are in their volumes, while an earlier version's files are left", async () => {
    expect(await secretsOf(stored, ["db_password", "secret_key"])).toEqual([
      { check: "secrets", level: "ok", what: "all there and readable" },
      {
        check: "secrets",
        level: "warn",
        what: expect.stringMatching(
          /^\.glitchtip\/secrets\/db_password, \.glitchtip\/secrets\/secret_key: in plain text/,
        ),
        fix: "Delete them, then: npx glitchtip-compose init",
      },
    ]);
  });

  it("stand beside references to files of an earlier version in our own folder, which are named", async () => {
    using folder = await initiated();
    mkdirSync(join(folder.dir, ".glitchtip", "secrets"), { recursive: true });
    writeFileSync(join(folder.dir, ".glitchtip/secrets/email_url"), "smtp+tls://u:p@mail.example.com:587");
    appendFileSync(join(folder.dir, "glitchtip.yaml"), "mail: { url: file:.glitchtip/secrets/email_url }\n");
    const located = () => Promise.reject(new CodedError("GC1601", "no engine"));
    const { all } = await examine({ dir: folder.dir, docker: { located } });
    expect(all.filter(({ check, level }) => check === "secrets" && level === "warn")).toEqual([
      {
        check: "secrets",
        level: "warn",
        what: expect.stringMatching(/^\.glitchtip\/secrets\/email_url: in plain text in the project's folder/),
        fix: expect.stringMatching(/^Move each out of it .* such as file:.*\/secrets\/NAME$/),
      },
    ]);
  });

  it("lack one", async () => {
    expect(await secretsOf({ [path("glitchtip_db_password")]: "a" })).toMatchObject([
      { level: "warn", what: "in no volume: secret_key" },
    ]);
  });

  it("are not spoken of where no engine answers", async () => {
    using folder = await initiated();
    const located = () => Promise.reject(new CodedError("GC1601", "no engine"));
    const { all } = await examine({ dir: folder.dir, docker: { located } });
    expect(all.filter(({ check }) => check === "secrets")).toEqual([
      { check: "secrets", level: "ok", what: "every reference in glitchtip.yaml can be read" },
    ]);
  });
});
