import type { Readable, Writable } from "node:stream";
import { CodedError } from "../base/errors.ts";
import type { ProcessResult } from "../base/process.ts";
import type { Docker } from "../docker/index.ts";
import { containerOf, databaseOf, observeStack } from "./running-stack.ts";

export interface ShellOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdinFrom?: Readable;
  readonly stdoutTo?: Writable;
  readonly signal: AbortSignal;
}

/** A shell beside the database, with its own version of psql, pg_dump and pg_restore. Any exit code is a result. */
export interface DatabaseShell {
  run(script: string, options: ShellOptions): Promise<Pick<ProcessResult, "code" | "stdout" | "stderr">>;
}

/** Holds psql and pg_dump and nothing else; what it is for a database that is not in the stack. */
export const DATABASE_TOOLS = "glitchtip-backup-db";

/** A line for each table: partitions are many. */
const STDERR_LIMIT_BYTES = 4_194_304;

/** The container in which the database's own programs are; its own server, or the one for a database elsewhere. */
export async function databaseContainer(docker: Docker): Promise<string> {
  let stack = await observeStack(docker);
  const service = databaseOf(stack.config.services) ?? DATABASE_TOOLS;
  if (service === DATABASE_TOOLS && containerOf(stack, service)?.state !== "running") {
    await docker.compose.up({ services: [service] });
    stack = await observeStack(docker);
  }
  const found = containerOf(stack, service);
  if (found?.state === "running") return found.id;
  throw new CodedError("GC1605", `${service} is not running`, { remedy: `docker compose up -d --wait ${service}` });
}

/** By `docker exec`, whose streams lose nothing (those of a short `docker run` may). */
export function dockerShell(docker: Docker, container: () => Promise<string>): DatabaseShell {
  return {
    async run(script, { env = {}, ...streams }) {
      const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
      const args = ["exec", "-i", ...variables, await container(), "sh", "-c", script];
      return await docker.cli(args, { ...streams, stderrLimitBytes: STDERR_LIMIT_BYTES });
    },
  };
}
