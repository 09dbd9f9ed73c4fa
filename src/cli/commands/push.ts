import { CodedError } from "../../base/errors.ts";
import {
  type PushedImage,
  pushedName,
  pushImage,
  requireImages,
  serviceNamed,
  usedImages,
} from "../../running/index.ts";
import type { CliCommand } from "../command.ts";
import { openStack } from "../in-container.ts";
import { withProgress } from "../screen.ts";
import { table } from "../table.ts";

interface Flags {
  readonly to: string;
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
}

export default {
  flags: (command) =>
    command
      .argument("[service...]", "whose images; default: those of GlitchTip's services")
      .requiredOption("--to <prefix>", "registry and folder; the image's own name and tag follow")
      .option("--overwrite", "replace a tag that the registry already has")
      .option("--dry-run", "only say what would be pushed"),
  async run(context, { to, overwrite = false, dryRun = false }, named) {
    if (!/^[\w.-]+(:\d+)?(\/[a-z0-9._-]+)*\/?$/.test(to)) {
      throw new CodedError("GC1001", `--to ${to}: this is no registry with a folder`, {
        remedy: "Such as registry.example.com/glitchtip.",
      });
    }
    const { docker, declaration, stack } = await openStack(context);
    const services = named.map((name) => serviceNamed(stack.config.services, declaration, name));
    const images = usedImages(stack).filter((one) =>
      services.length === 0 ? one.ours : one.services.some((service) => services.includes(service)),
    );
    // All names are checked first: nothing is pushed if one of them cannot be.
    const names = images.map(({ image }) => [image, pushedName(image, to)] as const);
    await requireImages(
      docker,
      names.map(([image]) => image),
    );
    if (dryRun) {
      const would = names.map(([image, as]) => ({ image, as }));
      context.print(context.json ? JSON.stringify({ dryRun, images: would }) : table([["IMAGE", "AS"], ...names]));
      return;
    }
    const pushed: PushedImage[] = [];
    for (const image of images) {
      pushed.push(await withProgress(context, `pushing ${image.image}`, () => pushImage(docker, image, to, overwrite)));
    }
    if (context.json) {
      context.print(JSON.stringify({ images: pushed }));
      return;
    }
    context.print(
      table([["IMAGE", "AS", "DIGEST"], ...pushed.map(({ image, as, digest }) => [image, as, digest.slice(0, 19)])]),
    );
    const lines = pushed.flatMap(({ env }) => env ?? []);
    if (lines.length > 0)
      context.print(["to start from these images, write into .env:", ...lines.map((line) => `  ${line}`)].join("\n"));
  },
} satisfies CliCommand<Flags>;
