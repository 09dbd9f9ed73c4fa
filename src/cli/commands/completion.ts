import { requireWord } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import { SHELLS } from "../completion/candidates.ts";

interface Flags {
  readonly line?: string;
}

export default {
  actions: [...SHELLS],
  flags: (command) =>
    command
      .argument("<shell>", SHELLS.join(", "))
      .option("--line <text>", "for the script: the typed line; prints the completions of its last word"),
  async run(context, { line }, [shell]) {
    const known = requireWord(SHELLS, shell, "the shell");
    if (line !== undefined) {
      const { printCandidates } = await import("../completion/answer.ts");
      return await printCandidates(context, line);
    }
    const { packageAssets } = await import("../../workspace/index.ts");
    const script = packageAssets().completion(known);
    context.print(context.json ? JSON.stringify({ shell: known, script }) : script);
  },
} satisfies CliCommand<Flags>;
