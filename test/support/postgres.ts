import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { QueueServer } from "./service.ts";
import { freePort } from "./valkey.ts";

/** Debian keeps the server's programs out of PATH. */
const FOLDERS = [...(process.env.PATH ?? "").split(":"), ...debianFolders()];
const BIN = FOLDERS.find((folder) => ["initdb", "postgres", "pg_dump"].every((name) => existsSync(join(folder, name))));

function debianFolders(): string[] {
  const base = "/usr/lib/postgresql";
  return existsSync(base) ? readdirSync(base).map((major) => join(base, major, "bin")) : [];
}

/** Postgres refuses to run as root. */
const USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** False where it is absent. */
export const hasPostgres = BIN !== undefined;
/** The reason in the title of what is skipped. */
export const noPostgres = hasPostgres ? "" : " (there is no Postgres server here)";

/** A real Postgres on loopback, whose data is in a folder of its own. */
export async function startPostgres(): Promise<QueueServer> {
  const bin = BIN ?? "";
  const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-postgres-"));
  if (USER.uid !== undefined) chownSync(folder, USER.uid, USER.gid);
  const data = join(folder, "data");
  const options = { ...USER, cwd: folder, encoding: "utf8" as const };
  const made = spawnSync(join(bin, "initdb"), ["-D", data, "-U", "test", "-A", "trust", "-N", "--no-locale"], options);
  if (made.status !== 0) throw new Error(made.stderr);
  const port = await freePort();
  const url = `postgres://test@127.0.0.1:${port}/postgres`;
  let child: ChildProcess | undefined;
  const start = async () => {
    const settings = ["-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=${folder}`, "-c", "fsync=off"];
    const running = spawn(join(bin, "postgres"), ["-D", data, "-p", String(port), ...settings], {
      ...USER,
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    child = running;
    await new Promise<void>((resolve, reject) => {
      let said = "";
      running.once("exit", (code) => reject(new Error(`postgres ended with ${code}: ${said}`)));
      running.stderr.on("data", (text: Buffer) => {
        said += text;
        if (said.includes("ready to accept connections")) resolve();
      });
    });
  };
  const stop = async (signal: "SIGQUIT" | "SIGINT") => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    child.kill(signal);
    await ended;
  };
  await start();
  return {
    url,
    kill: () => stop("SIGQUIT"),
    start,
    dump() {
      const { stdout, stderr, status } = spawnSync(join(bin, "pg_dump"), ["--data-only", url], { encoding: "utf8" });
      if (status !== 0) throw new Error(stderr);
      return stdout;
    },
    async [Symbol.asyncDispose]() {
      await stop("SIGQUIT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
