import { LOADERS } from "./commands.ts";
import { runCli } from "./run.ts";

await runCli(LOADERS);
