import { randomBytes } from "node:crypto";
import { closeSync, constants, createReadStream, createWriteStream, openSync } from "node:fs";
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CodedError, hasErrno } from "../../base/errors.ts";
import { runProcess } from "../../base/process.ts";
import { retry } from "../../base/retry.ts";
import type { Clock } from "../../base/wait.ts";
import type { DatabaseShell } from "../../running/index.ts";

const ACCEPTED_WITHIN_MS = 30_000;
const DONE_WITHIN_MS = 6 * 3_600_000;
const STDERR_LIMIT_BYTES = 4_194_304;

/**
 * A shell in another container, which takes jobs as files in a shared volume (templates/backup/backup-db.sh). This way
 * the container that has the database's password needs no network access, and the one with network access no password.
 */
export function jobShell(folder: string, clock: Clock): DatabaseShell {
  return {
    async run(script, { env = {}, stdinFrom, stdoutTo, signal }) {
      const name = join(folder, randomBytes(8).toString("hex"));
      const [draft, job, taken] = [`${name}.new`, `${name}.job`, `${name}.run`];
      await mkdir(draft, { recursive: true, mode: 0o777 });
      // The other container runs as another user.
      await Promise.all([chmod(folder, 0o777), chmod(draft, 0o777)]);
      const pipes = [...(stdinFrom ? ["stdin"] : []), ...(stdoutTo ? ["stdout"] : [])];
      try {
        const variables = Object.entries(env).map(([key, value]) => `${key}='${value}'\n`);
        await writeFile(join(draft, "variables"), variables.join(""), { mode: 0o644 });
        await writeFile(join(draft, "script"), script, { mode: 0o644 });
        for (const pipe of pipes) await runProcess("mkfifo", ["-m", "666", join(draft, pipe)], { signal });
        await rename(draft, job);
        await waitFor(clock, signal, ACCEPTED_WITHIN_MS, () => exists(taken));
        return await executed(taken, { clock, signal, stdinFrom, stdoutTo });
      } finally {
        for (const path of [draft, job, taken]) await rm(path, { recursive: true, force: true }).catch(() => {});
      }
    },
  };
}

interface Streams {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly stdinFrom: Readable | undefined;
  readonly stdoutTo: Writable | undefined;
}

async function executed(job: string, { clock, signal, stdinFrom, stdoutTo }: Streams) {
  const [stdin, stdout] = [join(job, "stdin"), join(job, "stdout")];
  const piped = [
    // A script that ends before it has read everything closes the pipe. Its exit code tells more than that error.
    stdinFrom && pipeline(stdinFrom, createWriteStream(stdin)).catch(unlessClosed),
    stdoutTo && pipeline(createReadStream(stdout), stdoutTo),
  ];
  // A pipe whose other end the script never opened would be waited for without end.
  const releaseBoth = () => {
    if (stdinFrom) releasePipe(stdin);
    if (stdoutTo) releasePipe(stdout);
  };
  const failed = new Promise<never>((_, reject) => {
    for (const one of piped) one?.catch(reject);
  });
  try {
    const code = await Promise.race([
      waitFor(clock, signal, DONE_WITHIN_MS, () => readFile(join(job, "code"), "utf8").catch(missingIsUndefined)),
      failed,
    ]);
    releaseBoth();
    await Promise.all(piped);
    const text = stdoutTo === undefined ? await readFile(stdout, "utf8") : "";
    const stderr = (await readFile(join(job, "stderr"))).subarray(-STDERR_LIMIT_BYTES).toString("utf8");
    return { code: Number(code), stdout: text, stderr };
  } catch (error) {
    releaseBoth();
    throw error;
  }
}

/** Opens both ends of a pipe without blocking and closes them: whoever waits for the other end continues. */
function releasePipe(pipe: string): void {
  try {
    closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK));
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
  }
}

async function waitFor<T>(
  clock: Clock,
  signal: AbortSignal,
  deadlineMs: number,
  attempt: () => Promise<T | undefined>,
) {
  return await retry<T>({
    clock,
    signal,
    deadlineMs,
    pauseMs: { first: 100, longest: 1_000 },
    attempt,
    late: (ms) =>
      new CodedError("GC1605", `glitchtip-backup-db did not finish within ${Math.round(ms / 1_000)} s`, {
        remedy: "docker compose up -d glitchtip-backup-db; docker compose logs --tail 50 glitchtip-backup-db",
      }),
  });
}

const exists = (path: string) => stat(path).then(() => true, missingIsUndefined);

function missingIsUndefined(error: unknown): undefined {
  if (hasErrno(error, "ENOENT")) return undefined;
  throw error;
}

function unlessClosed(error: unknown): void {
  if (!hasErrno(error, "EPIPE", "ERR_STREAM_PREMATURE_CLOSE")) throw error;
}
