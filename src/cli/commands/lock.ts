import type { Command } from "commander";
import { openDocker } from "../../docker/index.ts";
import { lockImages, unlockImages, workspaceDocker } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { withProgress } from "../screen.ts";

interface Flags {
  readonly remove?: boolean;
  readonly dryRun?: boolean;
}

export default {
  flags: (command: Command) =>
    command.option("--remove", "back to tags").option("--dry-run", "only say what would be pinned"),
  async run(context, { remove, dryRun = false }) {
    const project = { ...context, docker: workspaceDocker(context) };
    if (remove) {
      await unlockImages(project);
      context.print(
        context.json ? JSON.stringify({ pinned: [], removed: true }) : "the images are named by their tags again",
      );
      return;
    }
    const docker = openDocker(context);
    const { registryDigest } = await import("../../docker/images.ts");
    const result = await withProgress(context, "asking the engine for digests", async () => {
      const { address } = await docker.located();
      const asked = { config: docker.compose.config, digest: (name: string) => registryDigest(address, name) };
      return await lockImages(project, asked, { dryRun });
    });
    for (const line of result.unpinned) context.log.warn(`${line}; it stays as it is`);
    if (context.json) {
      context.print(JSON.stringify(result));
      return;
    }
    for (const { service, image, digest } of result.pinned) context.print(`${service}: ${image}@${digest}`);
    context.print(`${dryRun ? "would be written" : "written"}: ${result.file}\nnext: docker compose up -d --wait`);
  },
} satisfies CliCommand<Flags>;
