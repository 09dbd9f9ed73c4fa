import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fill, mountSmallDisk } from "../support/small-disk.ts";
import { backupsOf, type Data, databases, expectSameContent, stackWithData } from "./support/backup.ts";
import { describeOnEngine } from "./support/engine.ts";
import { readEvent } from "./support/server.ts";
import { DEFAULT_SERVER, Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const PASSPHRASE = "seven random words are far more than enough";

describeOnEngine("a backup", () => {
  let data: Data;
  let stack: Stack;
  let path: string;
  const cli = (...args: string[]) => stack.project.cli(args);
  const restore = (...args: string[]) => cli("restore", ...args, "--confirm", stack.name);
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

  it("holds the database, uploads, declaration and the provisioner's state, and no secret in clear", async () => {
    const files = readdirSync(path, { recursive: true, encoding: "utf8" });
    expect(files).toEqual(expect.arrayContaining(["database.dump", "uploads.tar", "state.json", "manifest.json"]));
    expect(files).toEqual(expect.arrayContaining(["project/glitchtip.yaml", "project/compose.override.yaml"]));
    expect(JSON.parse(readFileSync(join(path, "manifest.json"), "utf8"))).toMatchObject({
      format: 1,
      product: "glitchtip-compose",
      project: stack.name,
      glitchtip: DEFAULT_SERVER,
      postgres: { major: 18 },
      verified: "trial restore",
      secrets: "none",
    });
    expect(JSON.parse(readFileSync(join(path, "state.json"), "utf8"))).not.toHaveProperty("token");
    for (const secret of ["admin_password", "db_password", "secret_key"]) {
      const value = await stack.secret(secret);
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

  it.each([
    {
      what: "before the change of names: the dump does not hold what the manifest counts",
      change(manifest: { database: { tables: Record<string, { rows: number }> } }) {
        for (const table of Object.values(manifest.database.tables)) table.rows += 1;
      },
      says: "is not what was backed up",
    },
    {
      what: "after it: the restored server has another key",
      change(manifest: { files: { path: string; bytes: number; sha256: string }[] }) {
        const state = join(path, "state.json");
        const before = readFileSync(state, "utf8");
        const text = before.replaceAll(data.key ?? "none", (key) =>
          key.replace(/.$/, (end) => (end === "0" ? "1" : "0")),
        );
        expect(text).not.toBe(before);
        writeFileSync(state, text);
        const sha256 = createHash("sha256").update(text).digest("hex");
        for (const file of manifest.files) if (file.path === "state.json") Object.assign(file, { sha256 });
      },
      says: "other DSNs than the backup",
    },
  ])("of which a restore fails $what, leaves what was there in use", async ({ change, says }) => {
    const { eventId = "" } = (await stack.app<{ eventId: string }>("/error")) ?? {};
    await readEvent(stack, "app", eventId);
    const texts = ["manifest.json", "state.json"].map(
      (name) => [name, readFileSync(join(path, name), "utf8")] as const,
    );
    const manifest = JSON.parse(texts[0]?.[1] ?? "");
    change(manifest);
    writeFileSync(join(path, "manifest.json"), JSON.stringify(manifest));
    const ended = await restore(path);
    for (const [name, text] of texts) writeFileSync(join(path, name), text);
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining("GC1802") });
    expect(ended.stderr).toContain(says);
    await readEvent(stack, "app", eventId);
    await expectSameContent(stack, data);
    expect(await databases(stack)).toEqual(["glitchtip"]);
    expect((await cli("status")).code).toBe(0);
  });

  it("killed by SIGKILL leaves a half that the next one takes away, and no scratch database", async () => {
    const kill = new AbortController();
    const onStderrLine = (line: string) => line.includes("trial restore") && kill.abort(new Error("killed"));
    const create = stack.project.cli(["backup", "create"], { signal: kill.signal, graceMs: 0, onStderrLine });
    await expect(create).rejects.toThrow("killed");
    expect((await cli("backup", "list")).stdout).not.toContain(".partial");
    expect((await cli("backup", "create")).code).toBe(0);
    expect(backupsOf(stack).filter((name) => name.endsWith(".partial"))).toEqual([]);
    await until("no scratch database", async () => ((await databases(stack)).length === 1 ? true : undefined));
  });

  it("asks for the project's name before it replaces anything", async () => {
    expect(await cli("restore", "latest")).toMatchObject({ code: 2, stderr: expect.stringContaining("--confirm") });
    expect(await cli("restore", "latest", "--confirm", "other")).toMatchObject({ code: 2 });
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
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining("safety") });
    await expectSameContent(stack, data);
    const { safety } = JSON.parse(ended.stdout);

    expect((await restore(safety)).code).toBe(0);
    await readEvent(stack, "app", eventId);
  });

  it("with a folder of root's among the uploads is restored, and the folder keeps its owner and mode", async () => {
    const asRoot = (script: string) => {
      const volume = `${stack.name}_glitchtip-uploads:/uploads`;
      return stack.project.docker(["run", "--rm", "-v", volume, "-w", "/uploads", "busybox:1", "sh", "-c", script]);
    };
    expect(await asRoot("mkdir old && echo x >old/x.map && chmod 0555 old")).toMatchObject({ code: 0 });
    const made = await cli("backup", "create", "--json");
    expect(made).toMatchObject({ code: 0 });
    const restored = await restore(JSON.parse(made.stdout).path);
    expect({ code: restored.code, stderr: restored.stderr }).toEqual({
      code: 0,
      stderr: expect.not.stringContaining("error"),
    });
    expect((await asRoot("stat -c '%u %a' old && cat old/x.map && rm -r old")).stdout).toBe("0 555\nx\n");
    await expectSameContent(stack, data);
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
    expect(closed.stderr).toContain("secret_key: write it into .glitchtip/secrets/secret_key");
    const wrong = await stack.project.cli([...into, "--passphrase-env", "PASSPHRASE"], {
      env: { ...env, PASSPHRASE: "another one that is wrong" },
    });
    expect(wrong.stderr).toContain("GC1806");
    expect(existsSync(join(other.project.dir, "glitchtip.yaml"))).toBe(false);

    const ended = await stack.project.cli([...into, "--passphrase-env", "PASSPHRASE"], { env });
    expect(ended.stderr).not.toContain("error");
    expect(ended.code).toBe(0);
    await expectSameContent(other, data);
    expect(await other.secret("secret_key")).toBe(await stack.secret("secret_key"));
  });
});
