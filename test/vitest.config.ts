import { defineConfig } from "vitest/config";

/** One project per level of design.md, section 8. No retries: a flake has a cause. */
const level = (name: string, include: string[], testTimeoutMs = 10_000, parallel = true) => ({
  extends: true as const,
  test: { name, include, testTimeout: testTimeoutMs, hookTimeout: testTimeoutMs * 3, fileParallelism: parallel },
});

export default defineConfig({
  define: { VERSION: JSON.stringify("0.0.0-test") },
  root: new URL("..", import.meta.url).pathname,
  test: {
    reporters: process.env.CI ? ["default", ["json", { outputFile: ".reports/vitest.json" }]] : ["default"],
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      level("unit", ["test/*.test.ts", "test/unit/**/*.test.ts"]),
      level("contract", ["test/contract/**/*.test.ts"], 120_000),
      level("process", ["test/process/**/*.test.ts"], 60_000),
      level("docker", ["test/docker/**/*.test.ts"], 300_000, false),
      level("package", ["test/package/**/*.test.ts"], 120_000),
    ],
  },
});
