import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = ["valkey-server", "redis-server"].find((name) => spawnSync(name, ["--version"]).status === 0);

/** False only where it may be absent. */
export const hasValkey = PROGRAM !== undefined || Boolean(process.env.REQUIRE_VALKEY);
/** The reason in the title of what is skipped. */
export const noValkey = hasValkey ? "" : " (there is no valkey-server and no redis-server here)";

/** What `startValkey` needs; without it a test is skipped, with this reason, or red where CI expects it. */
export function needsValkey(skip: (why: string) => never): void {
  if (!hasValkey) skip("there is no valkey-server and no redis-server here");
}

export interface Valkey extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Ends the process as a crash does; its data is on the disk. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** All that it holds, as text. */
  dump(): string;
}

/** A real Valkey, or a Redis, on loopback, which writes each command to its disk. */
export async function startValkey(): Promise<Valkey> {
  const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-valkey-"));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async () => {
    // What was written survives a SIGKILL of the process; waiting for the disk would only make the tests slow.
    const options = ["--appendonly", "yes", "--appendfsync", "no", "--save", "", "--dir", folder];
    const running = spawn(PROGRAM ?? "", ["--bind", "127.0.0.1", "--port", String(port), ...options], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    child = running;
    await new Promise<void>((resolve, reject) => {
      running.once("exit", (code) => reject(new Error(`${PROGRAM} ended with ${code}`)));
      let said = "";
      running.stdout.on("data", (text: Buffer) => {
        said += text;
        if (said.includes("eady to accept connections")) resolve();
      });
    });
  };
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    start,
    dump() {
      const script = `local all = {} for _, key in ipairs(redis.call("KEYS", "*")) do
        local kind = redis.call("TYPE", key).ok
        local value = kind == "string" and redis.call("GET", key) or kind == "hash" and redis.call("HGETALL", key)
          or kind == "zset" and redis.call("ZRANGE", key, 0, -1) or kind == "list" and redis.call("LRANGE", key, 0, -1)
          or kind == "stream" and redis.call("XRANGE", key, "-", "+") or kind
        all[#all + 1] = key .. " " .. cjson.encode(value)
      end return table.concat(all, "\\n")`;
      const cli = PROGRAM?.replace("-server", "-cli") ?? "";
      return spawnSync(cli, ["-p", String(port), "EVAL", script, "0"], { encoding: "utf8" }).stdout;
    },
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Returns a port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
