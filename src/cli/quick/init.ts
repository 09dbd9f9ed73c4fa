import { init } from "../commands/init.ts";
import { runCli } from "../run.ts";

await runCli({ init: async () => init });
