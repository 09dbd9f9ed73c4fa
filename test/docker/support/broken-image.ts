import { randomBytes } from "node:crypto";
import { runProcess } from "../../../src/base/process.ts";

/** A SQL statement that this image's migrations carry out, so that going back by the image alone would not do. */
const migrating = (sql: string) =>
  `import os, psycopg; psycopg.connect(host=os.environ["DATABASE_HOST"], dbname=os.environ["DATABASE_NAME"], user=os.environ["DATABASE_USER"], password=open(os.environ["DATABASE_PASSWORD_FILE"]).read(), autocommit=True).execute("${sql}")`;

/** What is different in it from glitchtip/glitchtip:6; each file is one of /code/bin. */
export interface Breakage {
  readonly migration: string;
  /** The last line of run-migrate.sh. */
  readonly lastLine?: string;
  readonly start?: string;
}

/** A GlitchTip 6.3 that does not work, under a name of its own; it goes with the last one who holds it. */
export async function brokenImage({ migration, lastLine = "exit 0", start }: Breakage) {
  const image = `glitchtip-compose-test/${randomBytes(5).toString("hex")}:6.3`;
  const lines = [
    "FROM glitchtip/glitchtip:6",
    "USER root",
    "COPY --chmod=0755 <<'SH' /code/bin/run-migrate.sh",
    "#!/bin/sh",
    "set -eu",
    "node /code/stand-in.mjs migrate",
    `python -c '${migrating(migration)}'`,
    lastLine,
    "SH",
    ...(start === undefined ? [] : ["COPY --chmod=0755 <<'SH' /code/bin/start.sh", "#!/bin/sh", start, "SH"]),
    "ENV GLITCHTIP_VERSION=6.3.0",
    "USER app",
    "",
  ];
  const built = await runProcess("docker", ["build", "-q", "-t", image, "-"], { stdin: lines.join("\n") });
  if (built.code !== 0) throw new Error(`docker build ended with ${built.code}\n${built.stderr}`);
  return {
    image,
    async [Symbol.asyncDispose]() {
      await runProcess("docker", ["image", "rm", "-f", image]);
    },
  };
}
