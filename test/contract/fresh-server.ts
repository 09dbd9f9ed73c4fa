import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Scenario } from "./scenario.ts";

/**
 * Runs the operator's command, which deletes what the server holds and returns when the server answers again. The command
 * reads the state that the scenario needs from GLITCHTIP_TEST_SERVER (README.md, "A real server").
 */
export async function makeFresh(command: string, { server }: Scenario): Promise<void> {
  const wanted = { registration: false, accounts: "superuser", database: "migrated", worker: false, ...server };
  const env = { ...process.env, GLITCHTIP_TEST_SERVER: JSON.stringify(wanted) };
  await promisify(execFile)("/bin/sh", ["-c", command], { env, timeout: 120_000 });
}
