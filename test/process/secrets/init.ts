import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { append, edit, editManaged, replaceByFolder, writeAnew } from "./changes.ts";
import { MADE, USERS } from "./known.ts";
import { INIT } from "./project.ts";
import { TWO_VARIANTS, VARIANTS, type World } from "./world.ts";

export function initShowsNone(world: World): void {
  const { run, everyVariant, makeProject, shop, expectOnlyAllowedFiles } = world;

  it("shows no secret, whatever it is told and however it ends", async () => {
    const [, ...others] = await Promise.all(
      VARIANTS.map(async (flags, i) => {
        const { dir } = makeProject(`init-${i}`);
        for (const args of [[...INIT, "--dry-run"], INIT, ["init"]]) {
          await run("cli", [...args, ...flags], { cwd: dir, code: 0 });
        }
        return dir;
      }),
    );
    expect(others).toHaveLength(3);
    await run("cli", INIT, { cwd: shop.dir, code: 0 });
  });

  it.each([
    ["an option that contradicts the declaration", ["--email", "other@example.com"], () => {}, 2],
    ["a wrong flag", ["--port", "x"], () => {}, 2],
    [
      "a secret that is empty",
      [],
      (dir: string) => {
        edit(dir, "email:", "password: file:./pw, email:");
        writeFileSync(join(dir, "pw"), "");
      },
      1,
    ],
    ["a managed file that was edited", [], editManaged, 1],
    ["a port in .env that is none", [], (dir: string) => append(join(dir, ".env"), "GLITCHTIP_PORT=x\n"), 1],
    ["a Compose file that is broken", [], (dir: string) => append(join(dir, "compose.yaml"), "  : :\n -"), 1],
    ["a declaration that is broken", [], (dir: string) => append(join(dir, "glitchtip.yaml"), "admin: {\n"), 2],
    ["a folder in place of a file", [], (dir: string) => replaceByFolder(join(dir, "compose.override.yaml")), 1],
    [
      "a password of digits in the declaration",
      [],
      (dir: string) => edit(dir, "email:", `password: ${USERS.digits}, email:`),
      2,
    ],
    [
      "a password in the declaration",
      [],
      (dir: string) => edit(dir, "email:", `password: ${MADE.admin_password.replace(/\W/g, "")}, email:`),
      2,
    ],
  ] as const)("says no secret about %s", async (what, flags, break_, code) => {
    const { dir } = makeProject(`broken-${what.replaceAll(" ", "-")}`);
    await run("cli", INIT, { cwd: dir, code: 0 });
    break_(dir);
    await everyVariant(code, ["init", ...flags], { cwd: dir }, TWO_VARIANTS);
  });

  it("and plan, render and eject show how files differ, and no secret that stands beside the lines", async () => {
    const { dir } = makeProject("differences");
    await run("cli", INIT, { cwd: dir, code: 0 });
    writeAnew(join(dir, ".env"), `OTHER_SECRET=${USERS.env_file}\nCOMPOSE_FILE=compose.yaml\nLAST=${USERS.env_file}`);
    append(join(dir, "glitchtip.yaml"), "onFailure: start-without-reporting\n");
    const [plan] = await everyVariant(3, ["plan"], { cwd: dir });
    expect(plan?.stdout).toContain("+COMPOSE_FILE=compose.yaml:compose.override.yaml");
    for (const words of [
      ["render", "--dry-run"],
      ["render", "--check"],
    ])
      await everyVariant(3, words, { cwd: dir }, TWO_VARIANTS);
    expect((await run("cli", ["render"], { cwd: dir, code: 0 })).stdout).toContain("start-without-reporting");
    // Nothing differs any more, but the server does not run, so that it could not be asked.
    await everyVariant(4, ["plan"], { cwd: dir }, TWO_VARIANTS);
    for (const words of [["eject", "--dry-run"], ["eject"], ["render", "--adopt", "compose.override.yaml"]])
      await everyVariant(0, words, { cwd: dir }, [[]]);
    expectOnlyAllowedFiles(dir);
  });

  it("takes the admin's password from a variable without showing or writing it", async () => {
    const { dir } = makeProject("by-variable");
    await run("cli", INIT, { cwd: dir, code: 0 });
    edit(dir, "email:", "password: env:ADMIN_PASSWORD, email:");
    const env = { ADMIN_PASSWORD: MADE.admin_password };
    await everyVariant(0, ["init"], { cwd: dir, env }, TWO_VARIANTS);
    await everyVariant(1, ["init"], { cwd: dir }, TWO_VARIANTS);
    expectOnlyAllowedFiles(dir);
  });
}
