import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { dsnFile } from "../../../src/config/dsn-volumes.ts";
import { mode } from "./allowed.ts";
import { edit, writeAnew } from "./changes.ts";
import { COMMANDS } from "./commands.ts";
import { NOWHERE } from "./project.ts";
import { type Run, TWO_VARIANTS, VARIANTS, type World } from "./world.ts";

export function commandsShowNone(world: World): void {
  const { run, everyVariant, search, learnSecrets, shop } = world;

  it("show no secret when all goes well", async () => {
    const cwd = shop.dir;
    // `status` reports the earlier faults, and an app that is older than its DSN: the containers of this engine are as
    // old as the first request to it.
    await run("provisioner", [], { code: 0 });
    spawnSync("docker", ["compose", "--project-name", "shop", "restart", "api"], { env: world.engine.env });
    const [first] = await everyVariant(0, ["verify"], { cwd });
    expect(first?.stdout).toMatch(/api +shop-api/);
    for (const args of [["status"], ["down", "--dry-run"], ["down", "--volumes", "--confirm", "shop"]])
      await everyVariant(0, args, { cwd });
    for (const flags of VARIANTS) await run("cli", ["doctor", ...flags], { cwd });
    for (const args of [
      ["--help"],
      ["verify", "--help"],
      ["nonsense"],
      ["verify", "--nonsense"],
      ["verify", "nobody"],
    ]) {
      await run("cli", args, { cwd });
    }
  });

  it("rotate shows neither the old key nor the new one, forth and back", async () => {
    const cwd = shop.dir;
    await everyVariant(0, ["rotate", "--dry-run"], { cwd });
    for (const args of [["--keep-old"], ["--silent-for", "1s", "--yes"], ["--abort", "--yes"]]) {
      for (const flags of TWO_VARIANTS) {
        await run("cli", ["rotate", ...args, ...flags], { cwd, code: 0 });
        learnSecrets(shop);
      }
    }
  });

  it("verify shows no secret where it sends an event by itself, as for an app that is reached from the host", async () => {
    const cwd = shop.dir;
    await run("cli", ["add", "worker", "--project", "shop-api", "--audience", "host"], { cwd, code: 0 });
    await run("provisioner", [], { code: 0 });
    await everyVariant(0, ["verify", "worker"], { cwd }, TWO_VARIANTS);
    for (const kind of ["reset", "truncate", "html"] as const) {
      world.emulator.fault({ path: /envelope|events/, times: Number.POSITIVE_INFINITY, effect: { kind } });
      await run("cli", ["verify", "worker", "--debug"], { cwd }).finally(() => world.emulator.clearFaults());
    }
    await run("cli", ["remove", "worker"], { cwd, code: 0 });
    await run("provisioner", [], { code: 0 });
  });

  it("up shows no secret, and writes the one file that an app asks for where only its owner can read it", async () => {
    const cwd = shop.dir;
    await everyVariant(0, ["up"], { cwd });
    await run("cli", ["add", "worker", "--project", "shop-api", "--variables", "SENTRY_DSN"], { cwd, code: 0 });
    edit(cwd, "project: shop-api, variables:", "project: shop-api, inject: env-file, variables:");
    await run("cli", ["init"], { cwd, code: 0 });
    await run("provisioner", [], { code: 0 });
    await everyVariant(0, ["up"], { cwd }, TWO_VARIANTS);
    const file = join(cwd, ".glitchtip", "env", "worker.env");
    expect(search.find(readFileSync(file, "utf8"))).toEqual(["dsn_key"]);
    expect([mode(dirname(file)), mode(file)]).toEqual(["700", "600"]);
  });

  it.each<readonly [string, number, () => Run]>([
    ["without an engine", 0, () => ({ cwd: shop.dir, env: NOWHERE })],
    ["without docker", 1, () => ({ cwd: shop.dir, env: { ...NOWHERE, PATH: "/nonexistent" } })],
    [
      "with a docker that fails",
      2,
      () => ({ cwd: shop.dir, env: { FAKE_DOCKER_FAILS: "no configuration file provided" } }),
    ],
    ["in another folder", 3, () => ({ cwd: world.root })],
  ])("show no secret %s", async (_what, at, options) => {
    await Promise.all(
      COMMANDS.map(async (args, i) => {
        const flags = VARIANTS[(i + at) % 4] ?? [];
        const { code, stdout, stderr } = await run("cli", [...args, ...flags], options());
        // Compose's call for `down` always succeeds and prints nothing.
        if (args[0] === "compose" && args[2] === "down") return;
        expect({ args, code, said: stdout + stderr }).not.toMatchObject({ code: 0, said: "" });
      }),
    );
  });

  it("show no secret with an engine that answers nonsense", async () => {
    world.engine.broken = true;
    await Promise.all(COMMANDS.map((args) => run("cli", [...args, "--debug"], { cwd: shop.dir }))).finally(() => {
      world.engine.broken = false;
    });
  });

  it.each([
    ["refused", { kind: "answer", status: 403, body: { detail: "Denied" } }],
    ["answered by a page", { kind: "html" }],
    ["failed", { kind: "answer", status: 500 }],
    ["reset", { kind: "reset" }],
  ] as const)("verify shows no secret when the event is %s", async (_what, effect) => {
    world.emulator.fault({ path: /envelope|events|issues/, times: Number.POSITIVE_INFINITY, effect });
    await everyVariant(1, ["verify"], { cwd: shop.dir }, effect.kind === "html" ? [[]] : TWO_VARIANTS).finally(() =>
      world.emulator.clearFaults(),
    );
  });

  it("verify shows nothing of a DSN file that holds something else", async () => {
    const file = dsnFile(shop.dsn, "api");
    const good = readFileSync(file, "utf8");
    for (const bad of [good.replace("export", "exprt"), good.replace("http", "htp"), good.replace("@", "%"), ""]) {
      writeAnew(file, bad);
      await everyVariant(1, ["verify"], { cwd: shop.dir }, TWO_VARIANTS);
    }
    writeAnew(file, good);
  });
}
