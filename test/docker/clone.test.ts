import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ProcessResult, runProcess } from "../../src/base/process.ts";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";

const CLONE = "clone";
const WITHIN_MS = 240_000;

describeOnEngine("a clone of the repository, on a machine without Node", () => {
  let stack: Stack;
  /** A folder with one program: docker. */
  let path: string;
  let first: ProcessResult;

  const git = async (...args: string[]): Promise<string> => {
    const as = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main"];
    const { code, stdout, stderr } = await runProcess("git", [...as, ...args], { cwd: stack.project.dir });
    if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const inClone = (...args: string[]): Promise<ProcessResult> =>
    runProcess(join(path, "docker"), ["compose", ...args], {
      cwd: join(stack.project.dir, CLONE),
      env: { ...process.env, PATH: path },
      deadlineMs: WITHIN_MS,
    });
  const cloneAnew = async () => {
    rmSync(join(stack.project.dir, CLONE), { recursive: true, force: true });
    await git("clone", "-q", ".", CLONE);
  };

  beforeAll(async () => {
    stack = await Stack.sample();
    path = mkdtempSync(join(tmpdir(), "gtc-path-"));
    symlinkSync(programOnPath("docker"), join(path, "docker"));
    await git("init", "-q");
    await git("add", "-A");
    await git("commit", "-qm", "GlitchTip beside the app");
    await cloneAnew();
    first = await inClone("up", "-d", "--wait");
  });
  afterAll(async () => {
    await stack?.[Symbol.asyncDispose]();
    if (path !== undefined) rmSync(path, { recursive: true, force: true });
  });

  it("needs docker compose up -d --wait and nothing else", async () => {
    expect(first.code, first.stderr).toBe(0);
    expect(await stack.app()).toMatchObject({ reporting: true });
  });

  it("has no file that git does not have", async () => {
    expect(await git("-C", CLONE, "status", "--porcelain", "--ignored")).toBe("");
  });

  it("tells the administrator's password", async () => {
    const { code, stdout, stderr } = await inClone("run", "--rm", "glitchtip-setup", "password");
    expect(code, stderr).toBe(0);
    expect(stdout).toBe(`${await stack.secret("admin_password")}\n`);
  });

  it("that is made anew, as by git clean, finds the same secrets and DSN", async () => {
    const secrets = () =>
      Promise.all(["db_password", "secret_key", "admin_password"].map((name) => stack.secret(name)));
    const before = [await secrets(), await stack.variable("app", "SENTRY_DSN")];
    expect((await inClone("down")).code).toBe(0);
    await cloneAnew();
    const { code, stderr } = await inClone("up", "-d", "--wait");
    expect(code, stderr).toBe(0);
    expect([await secrets(), await stack.variable("app", "SENTRY_DSN")]).toEqual(before);
  });

  it("loses the secrets with the data, and makes new ones", async () => {
    const before = await stack.secret("db_password");
    expect((await inClone("down", "--volumes")).code).toBe(0);
    const { code, stderr } = await inClone("up", "-d", "--wait");
    expect(code, stderr).toBe(0);
    expect(await stack.secret("db_password")).not.toBe(before);
    expect(await stack.app()).toMatchObject({ reporting: true });
  });
});

function programOnPath(name: string): string {
  const folder = (process.env.PATH ?? "").split(delimiter).find((one) => isIn(one, name));
  if (folder === undefined) throw new Error(`${name} is not on PATH`);
  return join(folder, name);
}

function isIn(folder: string, name: string): boolean {
  try {
    return readdirSync(folder).includes(name);
  } catch {
    return false;
  }
}
