import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import LongestFirst from "./support/longest-first.ts";

interface Level {
  readonly include: string[];
  readonly exclude?: string[];
  readonly timeoutMs?: number;
  /** Levels of one group share the machine; the groups run one after the other. */
  readonly group: number;
  /** How many files run at a time; without a number as many as the machine has cores. */
  readonly filesAtATime?: number;
  /** Each file in a fresh module registry. Levels whose files share no state do without it: it triples their CPU time. */
  readonly isolate?: boolean;
  readonly usesBuild?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** One vitest project per level of tests (docs/development.md). There are no retries: a flaky test has a cause. */
const level = (
  name: string,
  {
    include,
    exclude = [],
    timeoutMs = 10_000,
    group,
    filesAtATime,
    isolate = true,
    usesBuild = false,
    env = {},
  }: Level,
) => ({
  extends: true as const,
  test: {
    name,
    include,
    exclude,
    isolate,
    env: { ...env },
    globalSetup: usesBuild ? ["test/support/keep-build.ts"] : [],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs * 3,
    ...(filesAtATime === undefined ? {} : { maxWorkers: filesAtATime }),
    sequence: { groupOrder: group },
  },
});

/** These stop the engine: nothing else may run beside them. */
const ALONE = ["test/docker/engine-restart.test.ts"];
/** Compose's processes are short-lived and many: without garbage collection each takes a third less CPU time. */
const GO = { GOGC: "off", GOMEMLIMIT: "256MiB" };
/** The factor by which tests may take longer on a busy machine or with a real GlitchTip, whose first start takes 20 s of CPU. */
const PATIENCE = Number(process.env.DOCKER_TEST_PATIENCE ?? 1);
const DOCKER = { timeoutMs: 300_000 * PATIENCE, isolate: false, usesBuild: true, env: GO };

/** Folders of the user's: no test may find or leave anything in those of the person who runs it. */
const userFolders = mkdtempSync(join(tmpdir(), "glitchtip-compose-user-"));
process.once("exit", () => rmSync(userFolders, { recursive: true, force: true }));

const json: ["json", { outputFile: string }] = ["json", { outputFile: ".reports/vitest.json" }];

export default defineConfig({
  define: { VERSION: JSON.stringify("0.0.0-test") },
  root: new URL("..", import.meta.url).pathname,
  test: {
    // One line a file, and every failure: a passing test prints nothing of its own.
    reporters: [
      ["default", { summary: false }],
      "./test/support/slowest-reporter.ts",
      ...(process.env.CI ? [json] : []),
    ],
    sequence: { sequencer: LongestFirst },
    silent: "passed-only",
    slowTestThreshold: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
    env: { XDG_STATE_HOME: join(userFolders, "state"), XDG_DATA_HOME: join(userFolders, "data") },
    projects: [
      level("unit", { include: ["test/*.test.ts", "test/unit/**/*.test.ts"], group: 0, isolate: false }),
      level("contract", { include: ["test/contract/**/*.test.ts"], timeoutMs: 120_000, group: 0, isolate: false }),
      level("process", {
        include: ["test/process/**/*.test.ts"],
        timeoutMs: 60_000,
        group: 1,
        filesAtATime: 4,
        usesBuild: true,
      }),
      level("package", { include: ["test/package/**/*.test.ts"], timeoutMs: 120_000, group: 2, filesAtATime: 5 }),
      level("docker", { ...DOCKER, include: ["test/docker/**/*.test.ts"], exclude: ALONE, group: 2, filesAtATime: 5 }),
      level("docker-alone", { ...DOCKER, include: ALONE, group: 3, filesAtATime: 1 }),
    ],
  },
});
