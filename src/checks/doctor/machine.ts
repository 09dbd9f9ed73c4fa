import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { release } from "node:os";
import type { Clock } from "../../base/wait.ts";
import type { Machine } from "./doctor.ts";

/** The state LISTEN in the kernel's tables. */
const LISTENS = "0A";

/**
 * Returns whether a process listens on this port. A port in TIME_WAIT, as after `down`, cannot be listened on for a
 * minute, but nobody holds it. Returns true where the kernel's tables cannot be read.
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
        // Any other error, such as a port below 1024, does not mean that another process has the port.
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
