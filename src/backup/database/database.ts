import { randomBytes } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { defined } from "../../base/defined.ts";
import { CodedError, type ErrorCode } from "../../base/errors.ts";
import type { DatabaseShell, ShellOptions } from "../../running/index.ts";
import type { TableFacts } from "../manifest.ts";
import {
  DROP_SCRIPT,
  DUMP_SCRIPT,
  FACTS_SCRIPT,
  LIST_SCRIPT,
  LOAD_SCRIPT,
  NAMES_SCRIPT,
  ROOM_SCRIPT,
  SWAP_SCRIPT,
} from "./scripts.ts";

export interface DatabaseFacts {
  readonly major: number;
  readonly version: string;
  readonly systemId?: string;
  readonly bytes: number;
  readonly tables: TableFacts;
}

/** What backup and restore do with a database. Errors carry the last lines that Postgres's programs printed. */
export interface Database {
  /** Reads the facts of this database, or of GlitchTip's. */
  facts(database?: string): Promise<DatabaseFacts>;
  /** Writes a dump, and returns the facts of the same snapshot. */
  dump(to: Writable): Promise<DatabaseFacts>;
  /** Returns whether the user may create a database, and the free space of the server's disk where it can be seen. */
  room(): Promise<{ readonly mayCreate: boolean; readonly freeBytes?: number }>;
  /** Restores a dump into a database that is dropped again. */
  tryRestore(from: Readable): Promise<DatabaseFacts>;
  /** Restores a dump into a new database of this name. */
  load(from: Readable, database: string): Promise<DatabaseFacts>;
  /** Reads the table of contents of a dump. Throws GC1803 for a dump that cannot be read. */
  list(from: Readable): Promise<void>;
  /** Gives `from` the name of GlitchTip's database, which is renamed to `aside`. Does nothing where `from` is gone. */
  swap(from: string, aside: string): Promise<void>;
  drop(database: string): Promise<void>;
  /** Returns the names of all databases that start with this prefix. */
  names(prefix: string): Promise<string[]>;
}

export function openDatabase(shell: DatabaseShell, signal: AbortSignal): Database {
  const run = async (what: string, code: ErrorCode, script: string, options: Omit<ShellOptions, "signal"> = {}) => {
    const result = await shell.run(script, { ...options, signal });
    if (result.code === 0) return result;
    throw failed(what, code, result.stderr);
  };
  return {
    async facts(database) {
      const env: Record<string, string> = database === undefined ? {} : { DATABASE: database };
      const { stdout } = await run("the database cannot be read", "GC1801", FACTS_SCRIPT, { env });
      return parseFacts(stdout);
    },
    async dump(stdoutTo) {
      const what = "pg_dump failed";
      const { stderr } = await run(what, "GC1801", DUMP_SCRIPT, { stdoutTo });
      if (!/^pg_dump 0$/m.test(stderr)) throw failed(what, "GC1801", stderr);
      return parseFacts(stderr);
    },
    async room() {
      const { stdout } = await run("the database server does not answer", "GC1801", ROOM_SCRIPT);
      const free = /^free (\d+)$/m.exec(stdout)?.[1];
      return defined({
        mayCreate: /^createdb t(rue)?$/m.test(stdout),
        freeBytes: free === undefined ? undefined : Number(free) * 1024,
      });
    },
    async tryRestore(stdinFrom) {
      const env = { DATABASE: `glitchtip_trial_${randomBytes(6).toString("hex")}` };
      return parseFacts((await run("the trial restore failed", "GC1802", LOAD_SCRIPT, { env, stdinFrom })).stdout);
    },
    async load(stdinFrom, database) {
      const env = { DATABASE: database, KEEP: "yes" };
      return parseFacts((await run("pg_restore failed", "GC1802", LOAD_SCRIPT, { env, stdinFrom })).stdout);
    },
    async list(stdinFrom) {
      await run("pg_restore cannot read the dump", "GC1803", LIST_SCRIPT, { stdinFrom });
    },
    async swap(from, aside) {
      await run("the databases could not be renamed", "GC1802", SWAP_SCRIPT, {
        env: { FROM: from, ASIDE: aside },
      });
    },
    async drop(database) {
      await run(`database ${database} cannot be dropped`, "GC1802", DROP_SCRIPT, { env: { DATABASE: database } });
    },
    async names(prefix) {
      const { stdout } = await run("the databases cannot be listed", "GC1801", NAMES_SCRIPT, {
        env: { PREFIX: prefix },
      });
      return stdout.split("\n").filter((line) => line !== "");
    },
  };
}

function failed(what: string, code: ErrorCode, stderr: string): CodedError {
  const said = stderr.split("\n").filter((line) => line.trim() !== "" && !/^(server|bytes|system|table) /.test(line));
  const full = /no space left on device/i.test(stderr);
  return new CodedError(full ? "GC1502" : code, full ? `${what}: the database's disk is full` : what, {
    problems: said.filter((line) => !/^pg_dump \d+$/.test(line)).slice(-5),
    remedy: full
      ? "Free some space there, then run the command again."
      : "Look at it with: docker compose logs --tail 50 glitchtip-db",
  });
}

/** Parses the lines that the facts query of scripts.ts prints. Other lines are messages of Postgres and are skipped. */
export function parseFacts(text: string): DatabaseFacts {
  const [, version] = /^server (\d+)$/m.exec(text) ?? [];
  const [, bytes] = /^bytes (\d+)$/m.exec(text) ?? [];
  if (version === undefined || bytes === undefined)
    throw failed("the database's answer cannot be understood", "GC1801", text);
  const [, systemId] = /^system (\d+)$/m.exec(text) ?? [];
  const tables = [...text.matchAll(/^table (.+) (\d+) (\d*)$/gm)].map(([, name = "", rows, sum]) => [
    name,
    { rows: Number(rows), ...(sum ? { sum } : {}) },
  ]);
  // 180003 is 18.3 (libpq's PQserverVersion).
  const major = Math.floor(Number(version) / 10_000);
  return defined({
    major,
    version: `${major}.${Number(version) % 10_000}`,
    systemId,
    bytes: Number(bytes),
    tables: Object.fromEntries(tables) as TableFacts,
  });
}
