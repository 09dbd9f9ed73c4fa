import type { Readable, Writable } from "node:stream";
import { CodedError } from "../base/errors.ts";
import type { ProcessResult } from "../base/process.ts";
import type { Docker } from "../docker/index.ts";
import { DATABASE_TOOLS } from "../stack/service-names.ts";
import { containerOf, databaseOf, observeStack } from "./observe.ts";

export interface ShellOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdinFrom?: Readable;
  readonly stdoutTo?: Writable;
  readonly signal: AbortSignal;
}

/** A shell with psql, pg_dump and pg_restore of the database's version. It resolves whatever the exit code is. */
export interface DatabaseShell {
  run(script: string, options: ShellOptions): Promise<Pick<ProcessResult, "code" | "stdout" | "stderr">>;
}

/** pg_restore may write a line for each table, and GlitchTip has many partitions. */
const STDERR_LIMIT_BYTES = 4_194_304;

/**
 * The id of the running container that has psql and pg_dump. Starts the one with the tools for a database elsewhere.
 * Throws GC1605.
 */
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

/** Runs scripts by `docker exec`, whose streams are complete; those of a short `docker run` may lose their end. */
export function dockerShell(docker: Docker, container: () => Promise<string>): DatabaseShell {
  return {
    async run(script, { env = {}, ...streams }) {
      const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
      const args = ["exec", "-i", ...variables, await container(), "sh", "-c", script];
      return await docker.cli(args, { ...streams, stderrLimitBytes: STDERR_LIMIT_BYTES });
    },
  };
}
