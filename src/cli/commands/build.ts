import { CodedError } from "../../base/errors.ts";
import { lastLines } from "../../docker/index.ts";
import { serviceNamed } from "../../running/index.ts";
import { followImages, readWorkspace, workspaceDocker } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { openStack } from "../in-container.ts";
import { withProgress } from "../screen.ts";

interface Flags {
  readonly pull?: boolean;
}

/** Builds images only: containers keep the image that they run until the next `up`. */
export default {
  flags: (command) =>
    command
      .argument("[service...]", "default: all that have a `build`")
      .option("--pull", "look for newer base images first"),
  async run(context, { pull = false }, named) {
    const { docker, declaration, stack } = await openStack(context);
    const services = named.map((name) => serviceNamed(stack.config.services, declaration, name));
    const has = Object.entries(stack.config.services).flatMap(([name, service]) => ("build" in service ? [name] : []));
    const without = services.filter((name) => !has.includes(name));
    if (without.length > 0 || has.length === 0) {
      throw new CodedError(
        "GC1104",
        has.length === 0
          ? "no service of this Compose project has a build section"
          : `there is no build section in ${without.join(", ")}`,
        {
          remedy:
            has.length === 0 ? "Their images are pulled: docker compose pull" : `Those have one: ${has.join(", ")}.`,
        },
      );
    }
    const { code, stderr } = await withProgress(
      context,
      `building ${(named.length > 0 ? services : has).join(", ")}`,
      ({ say }) =>
        docker.cli(["compose", "--profile", "*", "build", ...(pull ? ["--pull"] : []), ...services], {
          onStderrLine: (line) => /\bBuilt\b|\[\d+\/\d+\]/.test(line) && say(line.trim()),
        }),
    );
    if (code !== 0) {
      throw new CodedError("GC1604", "the build failed; running containers are unchanged", {
        problems: lastLines(stderr, 8),
      });
    }
    await followImages(
      { ...context, docker: workspaceDocker(context) },
      docker,
      readWorkspace(context.dir, context.env),
    );
    const built = named.length > 0 ? services : has;
    context.print(
      context.json ? JSON.stringify({ built }) : `built ${built.join(", ")}\nnext: docker compose up -d --wait`,
    );
  },
} satisfies CliCommand<Flags>;
