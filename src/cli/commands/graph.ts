import { mermaidOf, stackGraph, svgOf } from "../../checks/index.ts";
import { packageAssets, readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";

interface Flags {
  readonly svg?: true;
}

export default {
  flags: (command) => command.option("--svg", "an SVG image in place of a Mermaid chart"),
  async run(context, { svg }) {
    const graph = stackGraph(readWorkspace(context.dir, context.env), packageAssets());
    if (context.json) context.print(JSON.stringify({ services: graph }));
    else context.print(svg ? svgOf(graph) : mermaidOf(graph));
  },
} satisfies CliCommand<Flags>;
