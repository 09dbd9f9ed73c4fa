import { EXIT } from "../../base/errors.ts";
import { openDocker } from "../../docker/index.ts";
import { observeStack, planRemoval, removeStack, usedImages } from "../../running/index.ts";
import { readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { typed, withProgress } from "../screen.ts";

interface Flags {
  readonly images: boolean;
  readonly dryRun?: boolean;
  readonly yesClean?: string;
}

export default {
  flags: (command) =>
    command
      .option("--dry-run", "only list what would go")
      .option("--no-images", "keep the images")
      .option("--yes-clean <project>", "do not ask; the project's name, so that it is surely this one"),
  async run(context, { images: takeImages, dryRun = false, yesClean }) {
    readWorkspace(context.dir, context.env);
    const docker = openDocker(context);
    const plan = await planRemoval(docker);
    const { project, containers, networks } = plan;
    const volumes = plan.volumes.map(({ name }) => name);
    const images = takeImages
      ? usedImages(await observeStack(docker)).flatMap((one) => (one.ours ? [one.image] : []))
      : [];
    if (dryRun) {
      const all = { containers, networks, volumes, images };
      const lines = Object.entries(all).flatMap(([kind, names]) =>
        names.map((name) => `  ${kind.slice(0, -1)} ${name}`),
      );
      const text = lines.length === 0 ? "nothing is there" : ["would remove:", ...lines].join("\n");
      context.print(context.json ? JSON.stringify({ project, dryRun, ...all }) : text);
      return;
    }
    const data = volumes.length === 0 ? "" : ` and its data (${volumes.join(", ")})`;
    const question = `${project}: ${containers.length} containers${data} are removed for good.`;
    if (!(await typed(context, question, project, { flag: "--yes-clean", value: yesClean }))) {
      context.log.info("Nothing was removed.");
      return context.setExitCode(EXIT.failed);
    }
    const kept: string[] = [];
    await withProgress(context, "removing", async ({ say }) => {
      await removeStack(docker, { volumes: true, onLine: (line) => /Removed$/.test(line) && say(line.trim()) });
      for (const image of images) {
        // Not forced: an image that another container uses stays.
        const { code } = await docker.cli(["image", "rm", image]);
        if (code !== 0) kept.push(image);
      }
    });
    const gone = images.filter((image) => !kept.includes(image));
    if (context.json) {
      context.print(JSON.stringify({ project, dryRun, containers, networks, volumes, images: gone, kept }));
      return;
    }
    context.print(`removed ${containers.length} containers, ${volumes.length} volumes, ${gone.length} images`);
    if (kept.length > 0) context.print(`kept, because they are in use or not here: ${kept.join(", ")}`);
    context.print("the files are still there; glitchtip-compose init and docker compose up start anew");
  },
} satisfies CliCommand<Flags>;
