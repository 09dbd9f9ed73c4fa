#!/usr/bin/env node
import { LOADERS } from "./commands.ts";
import { runCli } from "./run.ts";

await runCli(LOADERS);
