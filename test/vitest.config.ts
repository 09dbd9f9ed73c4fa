import { defineConfig } from "vitest/config";

interface Level {
  readonly include: string[];
  readonly timeoutMs?: number;
  /** Levels of one group share the machine; the groups run one after the other. */
  readonly group: number;
  readonly oneFileAtATime?: boolean;
  readonly usesBuild?: boolean;
}

/** One vitest project per level of tests (docs/development.md). There are no retries: a flaky test has a cause. */
const level = (
  name: string,
  { include, timeoutMs = 10_000, group, oneFileAtATime = false, usesBuild = false }: Level,
) => ({
  extends: true as const,
  test: {
    name,
    include,
    globalSetup: usesBuild ? ["test/support/keep-build.ts"] : [],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs * 3,
    fileParallelism: !oneFileAtATime,
    sequence: { groupOrder: group },
  },
});

export default defineConfig({
  define: { VERSION: JSON.stringify("0.0.0-test") },
  root: new URL("..", import.meta.url).pathname,
  test: {
    reporters: process.env.CI ? ["default", ["json", { outputFile: ".reports/vitest.json" }]] : ["default"],
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      level("unit", { include: ["test/*.test.ts", "test/unit/**/*.test.ts"], group: 0 }),
      level("contract", { include: ["test/contract/**/*.test.ts"], timeoutMs: 120_000, group: 0 }),
      level("process", { include: ["test/process/**/*.test.ts"], timeoutMs: 60_000, group: 1, usesBuild: true }),
      level("package", { include: ["test/package/**/*.test.ts"], timeoutMs: 120_000, group: 2 }),
      level("docker", {
        include: ["test/docker/**/*.test.ts"],
        timeoutMs: 300_000,
        group: 3,
        oneFileAtATime: true,
        usesBuild: true,
      }),
    ],
  },
});
