import { describe, it } from "vitest";
import { runProcess } from "../../../src/base/process.ts";

const PROBE_WITHIN_MS = 30_000;

/** Undefined where an engine and Compose answer. */
async function whyNoEngine(): Promise<string | undefined> {
  for (const args of [["info"], ["compose", "version"]]) {
    try {
      const { code, stderr } = await runProcess("docker", args, { deadlineMs: PROBE_WITHIN_MS });
      if (code !== 0) return `docker ${args.join(" ")}: ${stderr.trim().split("\n").at(-1)}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return undefined;
}

const missing = await whyNoEngine();

/** Tests on a real engine: red where one is expected (REQUIRE_DOCKER=1) and absent, else skipped with the reason. */
export function describeOnEngine(name: string, tests: () => void): void {
  if (missing === undefined) {
    describe(name, tests);
    return;
  }
  if (process.env.REQUIRE_DOCKER === "1") {
    describe(name, () => {
      it("has an engine to run on", () => {
        throw new Error(`REQUIRE_DOCKER=1, and no engine answers: ${missing}`);
      });
    });
    return;
  }
  process.stderr.write(`skipped, no Docker engine: ${name} (${missing})\n`);
  describe.skip(`${name} (no Docker engine: ${missing})`, tests);
}
