import { mermaidOf, stackGraph } from "../../checks/index.ts";
import { packageAssets, readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";

export default {
  async run(context) {
    const graph = stackGraph(readWorkspace(context.dir, context.env), packageAssets());
    context.print(context.json ? JSON.stringify({ services: graph }) : mermaidOf(graph));
  },
} satisfies CliCommand;
