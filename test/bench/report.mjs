// Preloaded with --import: at its end the process tells what it has used, into the file BENCH_REPORT.
import { writeFileSync } from "node:fs";

const file = process.env.BENCH_REPORT;
if (file !== undefined) {
  process.on("exit", () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const phases = globalThis.benchPhases ?? {};
    const cpuMs = (userCPUTime + systemCPUTime) / 1_000;
    writeFileSync(file, JSON.stringify({ cpuMs, residentMb: maxRSS / 1_024, ...phases }));
  });
}
