import { add } from "../commands/add.ts";
import { runCli } from "../run.ts";

await runCli({ add: async () => add });
