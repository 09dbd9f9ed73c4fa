import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { release } from "node:os";
import type { Clock } from "../../base/wait.ts";
import type { Machine } from "./index.ts";

const LISTENS = "0A";

/**
 * Whether anybody listens there. For a minute after a connection has ended its port cannot be listened on, and that is
 * nobody's: after `down` the stack's own. Where it cannot be told, somebody does.
 */
function isHeld(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap(tableOf);
  const listens = new RegExp(`^\\s*\\d+: [0-9A-F]+:${hex} [0-9A-F]+:0000 ${LISTENS} `, "m");
  return tables.length === 0 || tables.some((table) => listens.test(table));
}

function tableOf(path: string): string[] {
  try {
    return [readFileSync(path, "utf8")];
  } catch {
    return [];
  }
}

export function thisMachine(clock: Clock): Machine {
  return {
    kernel: release(),
    nowMs: () => clock.now(),
    async freeBytes(path) {
      try {
        const { bavail, bsize } = await statfs(path);
        return bavail * bsize;
      } catch {
        return undefined;
      }
    },
    portIsFree: (port, hostIp) =>
      new Promise((resolve) => {
        const server = createServer();
        // Not allowed (a port below 1024) or not our address says nothing about somebody else.
        server.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "EADDRINUSE" || !isHeld(port)));
        server.listen({ port, host: hostIp, exclusive: true }, () => server.close(() => resolve(true)));
      }),
    async resolves(hostname) {
      return await lookup(hostname).then(
        () => true,
        () => false,
      );
    },
  };
}
