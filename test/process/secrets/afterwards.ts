import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/registry/index.ts";
import { findProgram } from "../../support/shells.ts";
import { environmentMayHold, mode } from "./allowed.ts";
import { allCanaries, MADE } from "./known.ts";
import { secretIn } from "./project.ts";
import type { World } from "./world.ts";

export function lookAtEverything(world: World): void {
  const { run, search, said, counted, root, shop, expectOnlyAllowedFiles } = world;

  it("secrets are only in the files that are meant for them, with closed modes", () => {
    expectOnlyAllowedFiles(root);
    expect(existsSync(join(shop.dir, ".glitchtip", "secrets"))).toBe(false);
    expect(Object.keys(MADE).map((name) => mode(secretIn(shop, name)))).toEqual(["444", "444", "444"]);
    expect(mode(join(shop.state, "state.json"))).toBe("600");
    const inVolumes = readdirSync(shop.dsn, { recursive: true, encoding: "utf8" });
    const handedOut = inVolumes.filter((name) => statSync(join(shop.dsn, name)).isFile());
    expect(handedOut).toEqual(expect.arrayContaining(["apps/api/api.env", "status.json"]));
    expect(handedOut.map((name) => mode(join(shop.dsn, name)))).toEqual(handedOut.map(() => "444"));
  });

  it("secrets that the setup service makes have the same modes, whatever the umask; init makes none", async () => {
    const dir = join(root, "made");
    const secrets = join(root, "made-secrets");
    const names = Object.keys(MADE).map((name) => `glitchtip_${name}`);
    for (const folder of [dir, ...names.map((name) => join(secrets, name))]) mkdirSync(folder, { recursive: true });
    const env = { GLITCHTIP_SECRETS_DIR: secrets, GLITCHTIP_SETUP_NAMES: names.join(" ") };
    const umask = process.umask(0o077);
    try {
      await run("cli", ["init", "--yes"], { cwd: dir, code: 0 });
      await run("provisioner", ["setup"], { env, code: 0 });
    } finally {
      process.umask(umask);
    }
    expect(existsSync(join(dir, ".glitchtip", "secrets"))).toBe(false);
    const made = names.map((name) => join(secrets, name, "value"));
    expect(made.map(mode)).toEqual(["444", "444", "444"]);
    for (const file of made) expect(readFileSync(file, "utf8")).toMatch(/^[\w-]{24,}$/);
    for (const file of made) search.add({ name: file, value: readFileSync(file, "utf8") });
    const shown = await run("provisioner", ["password"], { env, code: 0, shows: [made[0] ?? ""] });
    expect(shown.stdout.trim()).toMatch(/^[\w-]{24}$/);
  });

  it.skipIf(findProgram("git") === undefined)("git would commit none of them", () => {
    const git = (...args: string[]) => spawnSync("git", ["-C", shop.dir, ...args], { encoding: "utf8" });
    git("init", "--quiet");
    git("add", "--all");
    const committed = git("ls-files").stdout.trim().split("\n");
    expect(committed).toEqual(
      expect.arrayContaining([".glitchtip/manifest.json", "compose.override.yaml", "glitchtip.yaml"]),
    );
    const ours = committed.filter((path) => path !== "compose.yaml" && path !== ".env");
    expect(ours.flatMap((path) => search.find(readFileSync(join(shop.dir, path), "utf8")))).toEqual([]);
  });

  it("no process was started with a secret in its arguments, nor in its environment but for the app's own DSN", () => {
    const processes = world.engine.processes();
    counted.processes = processes.length;
    const programs = new Set(processes.map(({ argv }) => (argv[0] ?? "").split("/").at(-1)));
    expect([...programs].sort()).toEqual(["docker", "node", "sh"]);
    const leaks = processes.flatMap(({ argv, env }) => {
      const inArguments = search.find(argv.join("\n"));
      const inEnvironment = search.find(Object.values(env).join("\n"), environmentMayHold({ argv, env }));
      return [...inArguments, ...inEnvironment].map((name) => `${argv.slice(0, 4).join(" ")}: ${name}`);
    });
    expect(leaks).toEqual([]);
  });

  it("no output holds a secret that became known only later", () => {
    expect(said.flatMap(({ what, text, shows }) => search.find(text, shows).map((name) => `${what}: ${name}`))).toEqual(
      [],
    );
  });

  it("every command of the registry was run", () => {
    const tried = new Set(said.map(({ what }) => /^cli ([\w-]+)/.exec(what)?.[1]));
    expect(COMMANDS.length).toBeGreaterThan(8);
    expect(COMMANDS.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
  });

  it("the search covered enough runs, files and processes", () => {
    console.info(
      `secrets: ${JSON.stringify({ canaries: allCanaries().length, needles: search.needles, ...counted, texts: search.texts, characters: search.characters })}`,
    );
    expect(search.needles).toBeGreaterThan(100);
    expect(counted.runs).toBeGreaterThan(150);
    expect(counted.files).toBeGreaterThan(300);
    expect(counted.processes).toBeGreaterThan(200);
    expect(search.characters).toBeGreaterThan(1_000_000);
  });
}
