import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { MADE } from "./known.ts";
import { TWO_VARIANTS, VARIANTS, type World } from "./world.ts";

export function demoAndEmulateShowNone(world: World): void {
  const { run, search, root } = world;

  it("demo shows its password to a person, never as data, and removes everything it made", async () => {
    const before = readdirSync(root);
    const ended = await Promise.all(
      VARIANTS.map((flags) =>
        run("cli", ["demo", "--no-containers", ...flags], {
          shows: flags.some((flag) => flag === "--json") ? [] : ["demo_password"],
          env: { NODE_OPTIONS: `${world.engine.env.NODE_OPTIONS} --require=${keeper(root)}` },
        }),
      ),
    );
    const kept = keptSecrets(root);
    expect(kept.length).toBe(VARIANTS.length);
    for (const [i, { code, stdout, stderr }] of ended.entries()) {
      expect([code, stderr]).toEqual([0, expect.any(String)]);
      const shown = VARIANTS[i]?.some((flag) => flag === "--json") ? 0 : 1;
      const own = kept.map(({ password, rest }) => ({
        password: `${stdout}${stderr}`.split(password).length - 1,
        rest: rest.filter((secret) => `${stdout}${stderr}`.includes(secret)),
      }));
      expect(own.reduce((sum, { password }) => sum + password, 0)).toBe(shown);
      expect(own.flatMap(({ rest }) => rest)).toEqual([]);
    }
    for (const { password, rest } of kept) {
      search.add({ name: "demo_password", value: password });
      for (const value of rest) search.add({ name: "demo", value });
    }
    expect(
      readdirSync(root).filter((name) => !before.includes(name) && name !== "kept" && name !== "keep.cjs"),
    ).toEqual([]);
  });

  it("demo shows no secret when it is stopped or fails", async () => {
    for (const flags of TWO_VARIANTS) {
      const until = /sent an event/;
      expect((await run("cli", ["demo", "--no-containers", ...flags], { until })).code).toBe(130);
      await run("cli", ["demo", "--no-containers", ...flags], { env: { TMPDIR: "/nonexistent" } });
    }
  });

  it("emulate shows no password that it was given", async () => {
    const file = join(root, "password.txt");
    writeFileSync(file, `${MADE.admin_password}\n`);
    for (const flags of VARIANTS) {
      const { stdout } = await run("cli", ["emulate", "--password-file", file, ...flags], { until: /Ctrl-C ends it/ });
      expect(stdout).toContain("http://127.0.0.1:");
    }
    await run("cli", ["emulate", "--password-file", join(root, "nothing")]);
    await run("cli", ["emulate", "--password-file", file, "--port", "x"]);
    rmSync(file);
  });
}

/** A module that the demo's provisioner loads to copy the files of its folder, which is removed at the end. */
function keeper(root: string): string {
  const path = join(root, "keep.cjs");
  mkdirSync(join(root, "kept"), { recursive: true });
  writeFileSync(
    path,
    `process.once("exit", () => {
      const { GLITCHTIP_STATE_DIR: state, GLITCHTIP_ADMIN_PASSWORD_FILE: file } = process.env;
      const { readFileSync, writeFileSync } = require("node:fs");
      if (process.argv[2] !== "read-back" || !/provisioner.mjs$/.test(process.argv[1])) return;
      const { token, projects } = JSON.parse(readFileSync(state + "/state.json", "utf8"));
      const rest = [token.value, ...Object.values(projects).flatMap(({ key }) => [key, key.replaceAll("-", "")])];
      writeFileSync(${JSON.stringify(join(root, "kept"))} + "/" + process.pid, JSON.stringify({ password: readFileSync(file, "utf8"), rest }));
    });`,
  );
  return path;
}

function keptSecrets(root: string): { password: string; rest: string[] }[] {
  const folder = join(root, "kept");
  const kept = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
  rmSync(folder, { recursive: true });
  rmSync(join(root, "keep.cjs"));
  return kept;
}
