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
    const { candidateLines, readTable } = await import("../completion/answer.ts");
    if (line !== undefined) {
      const found = await candidateLines(context.dir, line);
      if (found !== "") context.print(found);
      return;
    }
    const { completionScript } = await import("../completion/script.ts");
    const { packageAssets } = await import("../../workspace/index.ts");
    const script = completionScript(known, packageAssets().completion(known), await readTable());
    context.print(context.json ? JSON.stringify({ shell: known, script }) : script);
  },
} satisfies CliCommand<Flags>;
