import type { Log } from "../base/log.ts";
import type { Docker } from "../docker/index.ts";
import { askReadBack, type ReadBackLine } from "../provision/index.ts";
import type { DemoApp, DemoStack } from "./demo.ts";

/** Returns why the demo cannot run in containers here, or undefined where it can. Pulls missing images. */
export async function whyNoContainers(docker: Docker): Promise<string | undefined> {
  try {
    await docker.located();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { code, stderr } = await docker.cli(["compose", "pull", "--quiet", "--policy", "missing"]);
  if (code === 0) return undefined;
  const lines = stderr.trim().split("\n");
  return `an image is not available: ${lines.findLast((line) => line.trim() !== "")?.trim() ?? "docker compose pull failed"}`;
}

/** Matches the lines of Compose that say that something is done: "Container demo-glitchtip-db-1  Healthy". */
const MILESTONE = /Container \S*?-((?:glitchtip(?:-\w+)?)|app)-1\s+(Healthy|Exited|Started)\s*$/;

/**
 * Returns the demo's stack as `docker compose up -d --wait` starts it in a folder that `init` has prepared. `cleaner` does
 * not end with Ctrl-C: it removes the containers afterwards.
 */
export function composeStack(docker: Docker, cleaner: Docker, reached: DemoApp, log: Log): DemoStack {
  return {
    async up() {
      const said = new Set<string>();
      await docker.compose.up({
        onLine: (line) => {
          const [, service, state] = MILESTONE.exec(line) ?? [];
          const text = `${service}: ${state?.toLowerCase()}`;
          // Compose checks everything once more at the end.
          if (service !== undefined && !said.has(text)) log.step(text);
          said.add(text);
        },
      });
      return reached;
    },
    async readBack(request) {
      const lines: ReadBackLine[] = [];
      await askReadBack(docker, request, (line) => lines.push(line));
      return lines;
    },
    close: () => cleaner.compose.down({ volumes: true }),
  };
}
