import { formatSize } from "../base/byte-size.ts";

export type RestartReason = "schedule" | "memory" | "unhealthy" | "asked";

export interface CheckResult {
  readonly what: string;
  readonly ms: number;
  readonly problem?: string;
}

export interface RestartedService {
  readonly service: string;
  readonly pidBefore?: number;
  readonly pidAfter?: number;
  /** Time until the old process had ended, and from then on until the new one worked. */
  readonly stopMs?: number;
  readonly readyMs?: number;
  /** True where the process did not end within its grace period. */
  readonly killed?: boolean;
  readonly memoryBefore?: number;
  readonly memoryAfter?: number;
  readonly memoryLimit?: number;
  readonly error?: string;
}

export interface RestartReport {
  readonly version: 1;
  readonly at: string;
  readonly reason: RestartReason;
  readonly ok: boolean;
  readonly durationMs: number;
  /** Why nothing was restarted. */
  readonly skipped?: string;
  readonly checksBefore: readonly CheckResult[];
  readonly checksAfter: readonly CheckResult[];
  readonly services: readonly RestartedService[];
  /** Number of connections of the database. */
  readonly connections?: number;
  /** Load of the machine over one minute. */
  readonly loadAverage: number;
  readonly memoryFreeBytes: number;
}

const WHY: Readonly<Record<RestartReason, string>> = {
  schedule: "as scheduled",
  memory: "for its memory",
  unhealthy: "because it did not do its work",
  asked: "as asked for",
};

const size = (bytes: number | undefined): string => (bytes === undefined ? "?" : formatSize(bytes));
const seconds = (ms: number | undefined): string => `${((ms ?? 0) / 1_000).toFixed(1)} s`;
const checks = (name: string, results: readonly CheckResult[]): string[] =>
  results.length === 0
    ? []
    : [
        `${name}: ${results.map(({ what, ms, problem }) => `${what} ${problem === undefined ? `ok (${ms} ms)` : `failed: ${problem}`}`).join(", ")}`,
      ];

export const reportTitle = ({ ok, reason, skipped }: RestartReport): string =>
  skipped !== undefined
    ? `not restarted: ${skipped}`
    : ok
      ? `restarted ${WHY[reason]}`
      : `the restart ${WHY[reason]} failed`;

/** Returns the report as lines for people. */
export function reportLines(report: RestartReport): string[] {
  const { durationMs, services, checksBefore, checksAfter, connections, loadAverage, memoryFreeBytes } = report;
  return [
    ...services.map(
      ({ service, pidBefore, pidAfter, stopMs, readyMs, killed, memoryBefore, memoryAfter, memoryLimit, error }) =>
        error === undefined
          ? `${service}: pid ${pidBefore} → ${pidAfter}, stopped in ${seconds(stopMs)}${killed ? " (killed)" : ""}, ready in ${seconds(readyMs)}, memory ${size(memoryBefore)} → ${size(memoryAfter)} of ${size(memoryLimit)}`
          : `${service}: ${error}`,
    ),
    ...checks("before", checksBefore),
    ...checks("after", checksAfter),
    `took ${seconds(durationMs)}; load ${loadAverage.toFixed(2)}, ${size(memoryFreeBytes)} of the machine's memory free${connections === undefined ? "" : `, ${connections} database connections`}`,
  ];
}
