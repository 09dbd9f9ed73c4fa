import { errorFilter } from "../../../src/running/logs.ts";
import type { TestProject } from "./project.ts";

/** Returns the errors in the log of the stack's Postgres, with the statements that caused them, but for expected ones. */
export async function postgresErrors(project: TestProject): Promise<string[]> {
  const log = await project.compose("logs", "--no-log-prefix", "--no-color", "glitchtip-db");
  const isError = errorFilter();
  return log.split("\n").filter((text) => isError({ container: "glitchtip-db", text }));
}
