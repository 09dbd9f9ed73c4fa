import { resolve } from "node:path";
import { createBundle, verifyBundle } from "../../backup/index.ts";
import { formatSize } from "../../base/byte-size.ts";
import { counted } from "../../base/counted.ts";
import { openDocker } from "../../docker/index.ts";
import { packageAssets, readWorkspace } from "../../workspace/index.ts";
import { requireArguments, requireWord } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import { withProgress } from "../screen.ts";

interface Flags {
  readonly to: string;
  readonly name?: string;
  readonly without?: readonly string[];
  readonly dryRun?: boolean;
}

export default {
  actions: ["create", "verify"],
  flags: (command) =>
    command
      .argument("<action>", "create, or verify")
      .argument("[bundle]", "for verify: the bundle's folder")
      .option("--to <folder>", "for create: where the bundle's folder is created", "bundles")
      .option("--name <name>", "for create: the name of the bundle's folder; default: glitchtip- and the time")
      .option("--without <file...>", "for create: Compose files to leave out")
      .option("--dry-run", "for create: only say what would be in it"),
  async run(context, { to, name: given, without = [], dryRun = false }, [action, ...words]) {
    if (requireWord(["create", "verify"], action, "the action") === "verify") {
      const [path] = requireArguments("package verify", ["bundle"], words);
      const files = await withProgress(context, `reading ${path}`, () => verifyBundle(resolve(context.dir, path)));
      context.print(
        context.json ? JSON.stringify({ path, files, whole: true }) : `${path}: ${counted(files, "file")}, all intact`,
      );
      return;
    }
    requireArguments("package create", [], words);
    const assets = packageAssets();
    const at = new Date(context.clock.now()).toISOString().slice(0, 19);
    const name = given ?? `glitchtip-${at.replace(/[-:]/g, "").replace("T", "-")}Z`;
    const bundle = await withProgress(context, "packing", ({ say }) =>
      createBundle({
        docker: openDocker(context),
        workspace: readWorkspace(context.dir),
        to: resolve(context.dir, to),
        name,
        loadScript: assets.loadBundle(),
        toolVersion: assets.version,
        without,
        dryRun,
        say,
      }),
    );
    if (context.json) {
      context.print(JSON.stringify({ dryRun, ...bundle }));
      return;
    }
    for (const { image } of bundle.images) context.print(`image ${image}`);
    for (const path of bundle.files) context.print(`file  ${path}`);
    if (dryRun) context.print(`all this would be in ${bundle.path}, without secrets; of .env, only our own settings`);
    else
      context.print(
        `${bundle.path}: ${formatSize(bundle.bytes)}\nnext, on the other machine: sh ${name}/load.sh FOLDER`,
      );
  },
} satisfies CliCommand<Flags>;
