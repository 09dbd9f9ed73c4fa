import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fill, mountSmallDisk } from "../support/small-disk.ts";
import { describeOnEngine } from "./support/engine.ts";
import { inventory, readEvent, storedState } from "./support/server.ts";
import { Stack } from "./support/stack.ts";

const PASSPHRASE = "seven random words are far more than enough";

/** A stack with what a backup is about: an event, a file among the uploads, a DSN that an app runs on. */
async function stackWithData() {
  const stack = await Stack.sample();
  await stack.up();
  const { eventId = "" } = (await stack.app<{ eventId: string }>("/error")) ?? {};
  await readEvent(stack, "app", eventId);
  await stack.exec("glitchtip", "sh", "-c", "mkdir -p /code/uploads/a && echo map >/code/uploads/a/source.map");
  const dsn = await stack.variable("app", "SENTRY_DSN");
  const { projects } = await storedState(stack);
  return { stack, eventId, dsn, key: projects.app?.key };
}

type Data = Awaited<ReturnType<typeof stackWithData>>;

async function expectSameContent(stack: Stack, { eventId, dsn, key }: Omit<Data, "stack">): Promise<void> {
  expect((await readEvent(stack, "app", eventId)).title).toContain("Something broke");
  expect((await storedState(stack)).projects.app?.key).toBe(key);
  expect(await stack.variable("app", "SENTRY_DSN")).toBe(dsn);
  expect((await stack.exec("glitchtip", "cat", "/code/uploads/a/source.map")).stdout).toBe("map\n");
  expect((await stack.exec("glitchtip", "ls", "-A", "/code/uploads")).stdout).toBe("a\n");
  expect(await inventory(stack)).toMatchObject({ organizations: ["Acme"], projects: ["app"] });
  // The old DSN is accepted: a new event of the app, which kept it, arrives.
  const { eventId: next = "" } = (await stack.app<{ eventId: string }>("/error")) ?? {};
  await readEvent(stack, "app", next);
}

const databases = async (stack: Stack) =>
  (await stack.exec("glitchtip-db", "psql", "-U", "glitchtip", "-Atc", "SELECT datname FROM pg_database")).stdout
    .split("\n")
    .filter((name) => /^glitchtip/.test(name));

const backupsOf = ({ project }: Stack) =>
  readdirSync(join(project.dir, "backups")).filter((name) => name.startsWith("glitchtip-"));

describeOnEngine("a backup", () => {
  let data: Data;
  let stack: Stack;
  let path: string;
  const cli = (...args: string[]) => stack.project.cli(args);
  const restore = (...args: string[]) => cli("restore", ...args, "--yes-restore", stack.name);
  const startedAt = async () => {
    const containers = await stack.containers();
    return [...containers].map(([service, { State }]) => `${service} ${State.StartedAt}`).sort();
  };

  beforeAll(async () => {
    data = await stackWithData();
    ({ stack } = data);
    const made = await cli("backup", "create", "--json");
    expect(made).toMatchObject({ code: 0 });
    ({ path } = JSON.parse(made.stdout));
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("holds the database, uploads, declaration and the provisioner's memory, and no secret in clear", () => {
    const files = readdirSync(path, { recursive: true, encoding: "utf8" });
    expect(files).toEqual(expect.arrayContaining(["database.dump", "uploads.tar", "state.json", "manifest.json"]));
    expect(files).toEqual(expect.arrayContaining(["project/glitchtip.yaml", "project/compose.glitchtip.yaml"]));
    expect(JSON.parse(readFileSync(join(path, "manifest.json"), "utf8"))).toMatchObject({
      format: 1,
      product: "glitchtip-compose",
      project: stack.name,
      glitchtip: { generation: "6", image: "glitchtip/glitchtip:6" },
      postgres: { major: 18 },
      verified: "trial restore",
      secrets: "none",
    });
    expect(JSON.parse(readFileSync(join(path, "state.json"), "utf8"))).not.toHaveProperty("token");
    for (const secret of ["admin_password", "db_password", "secret_key"]) {
      const value = stack.read(`.glitchtip/secrets/${secret}`);
      for (const file of files.filter((name) => !existsSync(join(path, name, ".")))) {
        expect(readFileSync(join(path, file), "latin1").includes(value), `${secret} in ${file}`).toBe(false);
      }
    }
  });

  it("leaves no scratch database and no half of itself", async () => {
    expect(await databases(stack)).toEqual(["glitchtip"]);
    expect(backupsOf(stack).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  it("is listed and verified; one that was changed on the disk is refused, with the file's name", async () => {
    expect((await cli("backup", "list")).stdout).toContain("good");
    expect((await cli("backup", "verify")).code).toBe(0);

    const dump = join(path, "database.dump");
    const bytes = readFileSync(dump);
    writeFileSync(dump, Buffer.concat([bytes.subarray(0, 200), Buffer.from("x"), bytes.subarray(201)]));
    const before = await startedAt();
    for (const ended of [await cli("backup", "verify"), await restore("latest")]) {
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain("GC1803");
      expect(ended.stderr).toContain("database.dump was changed");
    }
    expect(await startedAt()).toEqual(before);
    writeFileSync(dump, bytes);
  });

  it.each([
    { what: "another product", change: { product: "otherware" }, says: "GC1803", more: "otherware" },
    { what: "a later format", change: { format: 2 }, says: "GC1803", more: "format 2" },
    {
      what: "a newer Postgres",
      change: { postgres: { version: "99.1", major: 99 } },
      says: "GC1804",
      more: "Postgres 99",
    },
    {
      what: "an older GlitchTip",
      change: { glitchtip: { generation: "5.1", image: "glitchtip/glitchtip:v5.1.1" } },
      says: "GC1804",
      more: "glitchtip/glitchtip:v5.1.1",
    },
    { what: "more than fits", change: { database: { bytes: 1e15, tables: {} } }, says: "GC1502", more: "are free" },
  ])("of $what is refused before anything is touched", async ({ change, says, more }) => {
    const manifest = join(path, "manifest.json");
    const text = readFileSync(manifest, "utf8");
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(text), ...change }));
    const before = await startedAt();
    const ended = await restore(path);
    writeFileSync(manifest, text);
    expect(ended.stderr).toContain(says);
    expect(ended.stderr).toContain(more);
    expect(ended.code).toBe(1);
    expect(await startedAt()).toEqual(before);
    expect(existsSync(join(stack.project.dir, ".glitchtip/state/restore.json"))).toBe(false);
  });

  it("into a folder that is too small or read-only ends with the reason, and nothing is left there", async ({
    skip,
  }) => {
    const folder = join(stack.project.dir, "small");
    using disk = mountSmallDisk(folder, 1_048_576, skip);
    const create = () => cli("backup", "create", "--to", "small");
    // What is known beforehand: the database alone is larger.
    expect((await create()).stderr).toMatch(/GC1502: a backup in .*small needs about/);
    disk.makeReadOnly();
    expect((await create()).stderr).toMatch(/GC150[12]/);
    disk.makeWritable();
    // Full in the middle: somebody else is faster. The estimate goes by the last backup, which is small.
    disk.resize(64 * 1_048_576);
    expect((await create()).code).toBe(0);
    disk.resize(2_097_152);
    fill(folder);
    const full = await create();
    expect(full.code).toBe(1);
    expect(full.stderr).toContain("GC1502");
    expect(readdirSync(folder).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  it("asks for the project's name before it replaces anything", async () => {
    expect(await cli("restore", "latest")).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes-restore") });
    expect(await cli("restore", "latest", "--yes-restore", "other")).toMatchObject({ code: 2 });
    expect((await cli("restore", "latest", "--dry-run")).code).toBe(0);
  });

  it("gives everything back after `down --volumes`: content equal, the old DSN accepted", async () => {
    await stack.compose(["down", "-v", "-t", "1"]);
    const ended = await restore("latest");
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining("the old DSN of app was accepted") });
    await expectSameContent(stack, data);
    expect(await databases(stack)).toEqual(["glitchtip"]);
  });

  it("in the place of newer data: that is copied first, and can be had back", async () => {
    const { eventId = "" } = (await stack.app<{ eventId: string }>("/error")) ?? {};
    await readEvent(stack, "app", eventId);
    const ended = await restore(path, "--json");
    expect(ended.code).toBe(0);
    await expectSameContent(stack, data);
    const { safety } = JSON.parse(ended.stdout);

    expect((await restore(safety)).code).toBe(0);
    await readEvent(stack, "app", eventId);
  });

  it("with its secrets makes a stack in a new folder, and only with the passphrase", async () => {
    await using other = await Stack.in();
    // The sample's own program is the user's: it comes by git.
    mkdirSync(join(other.project.dir, "app"));
    other.write("app/server.mjs", stack.read("app/server.mjs"));
    const secrets = ["--include-secrets", "--passphrase-env", "PASSPHRASE"];
    const env = { ...process.env, PASSPHRASE };
    const made = await stack.project.cli(["backup", "create", "--no-verify", "--json", ...secrets], { env });
    expect(made).toMatchObject({ code: 0 });
    const { path: whole } = JSON.parse(made.stdout);
    const into = ["restore", whole, "--into", other.project.dir];

    const closed = await stack.project.cli(into);
    expect(closed.stderr).toContain("GC1804");
    expect(closed.stderr).toContain(".glitchtip/secrets/secret_key");
    const wrong = await stack.project.cli([...into, "--passphrase-env", "PASSPHRASE"], {
      env: { ...env, PASSPHRASE: "another one that is wrong" },
    });
    expect(wrong.stderr).toContain("GC1806");
    expect(existsSync(join(other.project.dir, "glitchtip.yaml"))).toBe(false);

    const ended = await stack.project.cli([...into, "--passphrase-env", "PASSPHRASE"], { env });
    expect(ended.stderr).not.toContain("error");
    expect(ended.code).toBe(0);
    await expectSameContent(other, data);
    expect(other.read(".glitchtip/secrets/secret_key")).toBe(stack.read(".glitchtip/secrets/secret_key"));
  });
});

describeOnEngine("a restore that is killed by SIGKILL", () => {
  let data: Data;
  let stack: Stack;
  let path: string;
  beforeAll(async () => {
    data = await stackWithData();
    ({ stack } = data);
    ({ path } = JSON.parse((await stack.project.cli(["backup", "create", "--json"])).stdout));
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  const restore = (abort?: AbortSignal, onStderrLine?: (line: string) => void) =>
    stack.project.cli(["restore", path, "--yes-restore", stack.name], {
      graceMs: 0,
      ...(abort && { signal: abort }),
      ...(onStderrLine && { onStderrLine }),
    });

  async function killedAfter(line: string): Promise<void> {
    const kill = new AbortController();
    await expect(restore(kill.signal, (said) => said.includes(line) && kill.abort(new Error(line)))).rejects.toThrow(
      line,
    );
  }

  describe.each([
    "copying what is there",
    "loading the database beside",
    "putting it in the old one's place",
    "restoring the uploads",
    "asking it for the old DSNs",
  ])("at “%s”", (line) => {
    it("goes on by the same command, to equal content", async () => {
      await killedAfter(line);
      expect((await restore()).code).toBe(0);
      await expectSameContent(stack, data);
      expect(await databases(stack)).toEqual(["glitchtip"]);
      expect(existsSync(join(stack.project.dir, ".glitchtip/state/restore.json"))).toBe(false);
    });
  });

  it("is taken back by --abort, with all that came after the backup", async () => {
    const { eventId = "" } = (await stack.app<{ eventId: string }>("/error")) ?? {};
    await readEvent(stack, "app", eventId);
    await killedAfter("restoring what the provisioner knows");
    expect((await stack.project.cli(["restore", "--abort"])).code).toBe(0);
    await readEvent(stack, "app", eventId);
    await expectSameContent(stack, data);
    expect(await databases(stack)).toEqual(["glitchtip"]);
  });
});
