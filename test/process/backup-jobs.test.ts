import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jobShell } from "../../src/backup/service/job-shell.ts";
import { runProcess } from "../../src/base/process.ts";
import { systemClock } from "../../src/base/wait.ts";

const script = new URL("../../templates/backup/backup-db.sh", import.meta.url).pathname;
const root = mkdtempSync(join(tmpdir(), "backup-jobs-"));
const stop = new AbortController();
const { signal } = new AbortController();
const shell = jobShell(root, systemClock);
let other: Promise<unknown>;

beforeAll(() => {
  other = runProcess("sh", [script, root], { signal: stop.signal }).catch(() => undefined);
});
afterAll(async () => {
  stop.abort();
  await other;
  rmSync(root, { recursive: true, force: true });
});

it("a job gets variables and returns its output, its error output and its exit code", async () => {
  const env = { DATABASE: "a b", KEEP: "yes" };
  const done = await shell.run('echo "$DATABASE/$KEEP"; echo trouble >&2; exit 3', { env, signal });
  expect(done).toEqual({ code: 3, stdout: "a b/yes\n", stderr: "trouble\n" });
  expect(readdirSync(root)).toEqual([]);
});

it("streams go through pipes in both directions and are not stored on disk", async () => {
  const content = randomBytes(5_000_000);
  const to = new PassThrough();
  const [done, received] = await Promise.all([
    shell.run("cat", { stdinFrom: Readable.from([content]), stdoutTo: to, signal }),
    buffer(to),
  ]);
  expect(done.code).toBe(0);
  expect(received.equals(content)).toBe(true);
});

it("a script that ends before it has read or written anything does not block", async () => {
  const to = new PassThrough();
  const [done, received] = await Promise.all([
    shell.run("exit 7", { stdinFrom: Readable.from([randomBytes(5_000_000)]), stdoutTo: to, signal }),
    buffer(to),
  ]);
  expect([done.code, received.length]).toEqual([7, 0]);
});

it("concurrent jobs are executed one after the other", async () => {
  const done = await Promise.all(["one", "two"].map((word) => shell.run(`echo ${word}`, { signal })));
  expect(done.map(({ stdout }) => stdout)).toEqual(["one\n", "two\n"]);
});

it("an abort takes effect at once and leaves no job behind", async () => {
  const stopped = AbortSignal.timeout(300);
  await expect(shell.run("sleep 2", { signal: stopped })).rejects.toThrow();
  expect(readdirSync(root).filter((name) => name.endsWith(".job"))).toEqual([]);
});
