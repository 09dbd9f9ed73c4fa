import { lookup } from "node:dns/promises";
import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { release } from "node:os";
import type { Clock } from "../../base/wait.ts";
import type { Machine } from "./index.ts";

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
        server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
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
