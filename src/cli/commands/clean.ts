import { counted } from "../../base/counted.ts";
import { type Docker, openDocker } from "../../docker/index.ts";
import {
  divideVolumes,
  type MyVolumes,
  observeStack,
  planRemoval,
  planStackRemoval,
  removeStackParts,
  usedImages,
} from "../../running/index.ts";
import { readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import { withProgress } from "../screen.ts";

interface Flags extends ConfirmationFlags {
  readonly images: boolean;
  readonly withMyVolumes?: MyVolumes;
}

export default {
  flags: (command) =>
    withConfirmation(
      command
        .option("--no-images", "keep the images that were built for GlitchTip")
        .option("--with-my-volumes [names...]", "also remove volumes of your own services, the named ones or all"),
      "clean",
    ),
  async run(context, flags) {
    const { images: takeImages, withMyVolumes, dryRun = false } = flags;
    readWorkspace(context.dir, context.env);
    const docker = openDocker(context);
    const all = await planRemoval(docker);
    const { project } = all;
    const divided = divideVolumes(all, withMyVolumes);
    const [volumes, kept] = [divided.removed, divided.kept].map((list) => list.map(({ name }) => name));
    const removal = await planStackRemoval(docker, all, volumes ?? []);
    const images = takeImages ? await builtImages(docker) : [];
    const containers = [...removal.containers, ...removal.users].sort();
    const parts = { containers, networks: removal.networks, volumes: removal.volumes, images };
    const result = { project, dryRun, ...parts, keptVolumes: kept ?? [] };
    if (dryRun) {
      const lines = Object.entries(parts).flatMap(([kind, names]) =>
        names.map((name) => `  ${kind.slice(0, -1)} ${name}`),
      );
      const text = lines.length === 0 ? "nothing to remove" : ["would remove:", ...lines].join("\n");
      context.print(context.json ? JSON.stringify(result) : [text, ...keptLine(result.keptVolumes)].join("\n"));
      return;
    }
    const shown = divided.removed.map(({ name, users }) => (users ? `${name} (your own)` : name));
    const data = shown.length === 0 ? "" : ` and their data (${shown.join(", ")})`;
    const users = removal.users.length === 0 ? "" : `, including ${removal.users.join(", ")} of yours, which use it`;
    const text = `${project}: ${counted(containers.length, "container")}${data} will be removed for good${users}.`;
    if (!(await agreed(context, flags, { text, name: project }))) return;
    const keptImages = await withProgress(context, "removing", async ({ say }) => {
      await removeStackParts(docker, removal, say);
      return await removeImages(docker, images);
    });
    const gone = images.filter((image) => !keptImages.includes(image));
    if (context.json) {
      context.print(JSON.stringify({ ...result, images: gone, kept: keptImages }));
      return;
    }
    context.print(
      `removed ${counted(containers.length, "container")}, ${counted(removal.volumes.length, "volume")}, ${counted(gone.length, "image")}`,
    );
    for (const line of keptLine(result.keptVolumes)) context.print(line);
    if (keptImages.length > 0) context.print(`kept, because they are in use or not here: ${keptImages.join(", ")}`);
    context.print(
      "the files are still there; npx glitchtip-compose init and docker compose up start again from nothing",
    );
  },
} satisfies CliCommand<Flags>;

const keptLine = (volumes: readonly string[]): string[] =>
  volumes.length === 0 ? [] : [`kept, because they are yours: ${volumes.join(", ")}`];

/** Returns the images that Compose builds for our services alone. Those from a registry may be in use elsewhere. */
async function builtImages(docker: Docker): Promise<string[]> {
  return usedImages(await observeStack(docker)).flatMap(({ image, ours, built }) => (ours && built ? [image] : []));
}

/** Removes images unless a container uses them. Returns those that stay. */
async function removeImages(docker: Docker, images: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (const image of images) {
    const { code } = await docker.cli(["image", "rm", image]);
    if (code !== 0) kept.push(image);
  }
  return kept;
}
