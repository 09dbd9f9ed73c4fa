import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runProcess } from "../../src/base/process.ts";
import { type CliResult, cliFolders, runCli } from "../support/cli-process.ts";
import { startServer } from "../support/emulator.ts";

const COMPOSE = `services:
  api: { image: "node:24", entrypoint: [node], command: [api.js] }
  worker: { image: "node:24", entrypoint: [node], command: [worker.js] }
  mail: { image: "node:24", entrypoint: [node], command: [mail.js] }
`;

/** A git repository with a Compose file, in a folder of this name. */
class Repository implements Disposable {
  readonly #folders = cliFolders();
  readonly dir: string;
  constructor() {
    this.dir = this.#folders.project;
  }

  async git(...args: string[]): Promise<string> {
    const as = ["-c", "user.name=dev", "-c", "user.email=dev@example.com", "-c", "init.defaultBranch=main"];
    const { code, stdout, stderr } = await runProcess("git", [...as, ...args], { cwd: this.dir, deadlineMs: 30_000 });
    if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  }

  async commit(): Promise<void> {
    await this.git("add", "-A");
    await this.git("commit", "-qm", "a change");
  }

  /** Runs the program in this folder, or in another one with an environment of its own. */
  async run(
    words: readonly string[],
    project = this.dir,
    env: Record<string, string> = {},
    code = 0,
  ): Promise<CliResult> {
    const { temporary } = this.#folders;
    const result = await runCli({ project, temporary, env: { DOCKER_HOST: "unix:///dev/null", ...env } }, ...words);
    expect(result, words.join(" ")).toMatchObject({ code });
    return result;
  }

  file(path: string): string {
    return readFileSync(join(this.dir, path), "utf8");
  }

  append(path: string, text: string): void {
    appendFileSync(join(this.dir, path), text);
  }

  [Symbol.dispose](): void {
    this.#folders[Symbol.dispose]();
  }
}

async function withStack(...init: string[]): Promise<Repository> {
  const repository = new Repository();
  repository.append("compose.yaml", COMPOSE);
  await repository.git("init", "-q");
  await repository.commit();
  await repository.run(["init", "--yes", "--app", "api=shop", ...init]);
  return repository;
}

/** Returns the added lines of each file in the index; none for a binary file. `generated`: reviewers' tools fold it. */
async function addedFiles(repository: Repository) {
  await repository.git("add", "-A");
  const rows = (await repository.git("diff", "--cached", "--numstat")).trimEnd().split("\n");
  return await Promise.all(
    rows.map(async (row) => {
      const [added = "", , path = ""] = row.split("\t");
      const attribute = await repository.git("check-attr", "linguist-generated", "--", path);
      return { path, lines: added === "-" ? 0 : Number(added), generated: /: (?:set|true)\n$/.test(attribute) };
    }),
  );
}

describe("a pull request with what init has made beside a project, for one app", () => {
  it("has at most 6 files and 350 lines to read, and no second copy of anything", async () => {
    using repository = await withStack();
    const files = await addedFiles(repository);
    const toRead = files.filter(({ generated }) => !generated);
    expect(toRead.map(({ path }) => path)).toEqual([
      ".glitchtip/.gitattributes",
      ".glitchtip/.gitignore",
      "compose.override.yaml",
      "glitchtip.yaml",
    ]);
    expect(toRead.length).toBeLessThanOrEqual(6);
    expect(toRead.reduce((sum, { lines }) => sum + lines, 0)).toBeLessThanOrEqual(350);
    expect(files.filter(({ generated }) => generated).map(({ path }) => path)).toEqual([
      ".glitchtip/base.json.gz",
      ".glitchtip/gate.py",
      ".glitchtip/manifest.json",
      ".glitchtip/provision.json",
      ".glitchtip/provisioner.mjs",
      ".glitchtip/with-dsn",
    ]);
    expect(repository.file("compose.override.yaml")).not.toMatch(/\$\$|content: \|/);
  });

  it("shows a proxy's settings to the reviewer", async () => {
    using repository = await withStack(
      "--production",
      "--domain",
      "errors.example.com",
      "--proxy",
      "caddy",
      "--no-preflight",
    );
    const files = await addedFiles(repository);
    expect(files.find(({ path }) => path === ".glitchtip/proxy/Caddyfile")).toMatchObject({ generated: false });
  });

  it("grows by no file with a second app", async () => {
    using repository = await withStack();
    await repository.commit();
    await repository.run(["add", "worker", "--project", "jobs"]);
    const files = await addedFiles(repository);
    const toRead = files.filter(({ generated }) => !generated);
    expect(toRead.map(({ path }) => path)).toEqual(["compose.override.yaml", "glitchtip.yaml"]);
    expect(toRead.reduce((sum, { lines }) => sum + lines, 0)).toBeLessThanOrEqual(40);
    expect(files.map(({ path }) => path)).not.toContain(".glitchtip/provisioner.mjs");
    // A change that is taken back leaves nothing behind.
    await repository.git("checkout", "-q", "HEAD", "glitchtip.yaml");
    await repository.run(["render"]);
    await repository.git("add", "-A");
    expect(await repository.git("diff", "--cached", "--name-only", "HEAD")).toBe("");
  });
});

describe("a clone", () => {
  it("with another folder name, Compose project name and port renders byte for byte what is committed", async () => {
    using repository = await withStack();
    await repository.commit();
    const clone = join(repository.dir, "..", "another-name");
    await repository.git("clone", "-q", ".", clone);
    const env = { COMPOSE_PROJECT_NAME: "of-her-own", GLITCHTIP_PORT: "9123" };
    await repository.run(["render"], clone, env);
    await repository.run(["init", "--yes"], clone, env);
    expect(await repository.git("-C", clone, "status", "--porcelain", "--untracked-files=all")).toBe("");
  });

  it("on a system that writes CRLF has scripts that sh runs", async () => {
    using repository = await withStack();
    await repository.commit();
    const clone = join(repository.dir, "..", "crlf");
    await repository.git("clone", "-q", "-c", "core.autocrlf=true", ".", clone);
    expect(readFileSync(join(clone, "glitchtip.yaml"), "utf8")).toContain("\r\n");
    expect(readFileSync(join(clone, ".glitchtip/with-dsn"), "utf8")).not.toContain("\r");
    await repository.run(["render"], clone);
    expect(await repository.git("-C", clone, "diff", "--name-only")).toBe("");
  });

  it("merges the edits of a colleague with a newer text", async () => {
    using repository = await withStack();
    await repository.commit();
    const clone = join(repository.dir, "..", "second");
    await repository.git("clone", "-q", ".", clone);
    appendFileSync(join(clone, "compose.override.yaml"), "# mine\n");
    const { stdout } = await repository.run(["add", "worker", "--project", "jobs"], clone);
    expect(stdout).toMatch(/^merged +compose\.override\.yaml$/m);
    expect(readFileSync(join(clone, "compose.override.yaml"), "utf8")).toMatch(/\n {2}worker:\n[\s\S]*# mine\n$/);
  });
});

describe("two branches that each add an app", () => {
  it("are merged by taking either side of our files, and by render", async () => {
    using repository = await withStack();
    await repository.commit();
    await repository.git("checkout", "-qb", "other");
    await repository.run(["add", "worker", "--project", "jobs"]);
    await repository.commit();
    await repository.git("checkout", "-q", "main");
    await repository.run(["add", "mail", "--project", "letters"]);
    await repository.commit();
    await expect(repository.git("merge", "other")).rejects.toThrow("CONFLICT");
    expect(() => JSON.parse(repository.file(".glitchtip/manifest.json"))).not.toThrow();
    await repository.git("checkout", "--ours", ".");
    await repository.run(["add", "worker", "--project", "jobs"]);
    const compose = repository.file("compose.override.yaml");
    for (const app of ["api", "worker", "mail"]) expect(compose).toContain(`\n  ${app}:\n`);
    await repository.commit();
    await repository.run(["render"]);
    expect(await repository.git("status", "--porcelain", "--untracked-files=all")).toBe("");
  });
});

it("plan, apply, pull and export leave no file that git does not know", async () => {
  using repository = new Repository();
  await using emulator = await startServer();
  repository.append(
    "glitchtip.yaml",
    `version: 1
servers:
  prod:
    url: ${emulator.url}
    token: env:TOKEN
    organizations: { acme: { teams: [devs], projects: { shop: { team: devs } } } }
`,
  );
  await repository.git("init", "-q");
  await repository.commit();
  const env = { TOKEN: emulator.mintToken() };
  const commands = ["plan", "apply --yes", "plan", "pull", "export configuration --out ../exported.json"];
  for (const [i, words] of commands.entries()) {
    await repository.run(words.split(" "), repository.dir, env, i === 0 ? 3 : 0);
    expect(await repository.git("status", "--porcelain", "--untracked-files=all"), words).toBe("");
  }
  expect(repository.file(".glitchtip/servers/prod.jsonl")).toContain('"shop"');
});
