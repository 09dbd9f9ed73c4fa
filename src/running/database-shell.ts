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

/**
 * The start of every script that uses psql. Connects to the stack's database by the variables of its image, or to an
 * external one by its URL, which it decodes as libpq does. Defines `sql`, and `main`, the name of GlitchTip's database.
 */
export const PSQL_PREAMBLE = `set -eu
decode() {
  v=$1 out=
  while case $v in *%[0-9A-Fa-f][0-9A-Fa-f]*) : ;; *) false ;; esac; do
    out=$out\${v%%%*} v=\${v#*%}
    out=$out$(printf "\\\\$(printf %o "0x\${v%"\${v#??}"}")") v=\${v#??}
  done
  printf %s "$out$v"
}
if [ -n "\${GLITCHTIP_DATABASE_URL_FILE:-}" ]; then
  url=$(cat "$GLITCHTIP_DATABASE_URL_FILE")
  rest=\${url#*://} query=
  case $rest in *\\?*) query=\${rest#*\\?} rest=\${rest%%\\?*} ;; esac
  case $rest in */*) PGDATABASE=$(decode "\${rest#*/}") rest=\${rest%%/*} ;; esac
  case $rest in *@*) user=\${rest%@*} rest=\${rest##*@}
    case $user in *:*) PGPASSWORD=$(decode "\${user#*:}") && export PGPASSWORD && user=\${user%%:*} ;; esac
    PGUSER=$(decode "$user") ;; esac
  case $rest in *:*) PGPORT=\${rest##*:} rest=\${rest%:*} ;; esac
  PGHOST=$rest
  case $query in *sslmode=*) PGSSLMODE=\${query#*sslmode=} && export PGSSLMODE="\${PGSSLMODE%%&*}" ;; esac
  export PGHOST PGPORT="\${PGPORT:-5432}" PGUSER PGDATABASE="\${PGDATABASE:-$PGUSER}"
else
  PGUSER=\${POSTGRES_USER:-postgres} PGDATABASE=\${POSTGRES_DB:-$PGUSER}
  if [ -n "\${POSTGRES_PASSWORD_FILE:-}" ]; then PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); else PGPASSWORD=\${POSTGRES_PASSWORD:-}; fi
  export PGUSER PGPASSWORD PGDATABASE
fi
export PGCONNECT_TIMEOUT=10 PGOPTIONS='-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c client_min_messages=warning -c statement_timeout=0 -c lock_timeout=0'
main=$PGDATABASE
sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
`;
