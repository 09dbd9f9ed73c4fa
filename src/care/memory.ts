import { join } from "node:path";
import { readIfThere, writeOne } from "../base/files.ts";
import type { Notice } from "./notify/notice.ts";
import type { TellMemory } from "./notify/throttle.ts";
import type { QueueMemory } from "./queue.ts";
import type { RestartReport } from "./report.ts";

/** What the service has to know after a restart of its own. */
export interface CareMemory {
  readonly version: 1;
  readonly told: TellMemory;
  /** Looks in a row that found it, by finding. */
  readonly failing: Readonly<Record<string, number>>;
  readonly queue?: QueueMemory;
  /** Told only once, and not taken yet. */
  readonly owed?: readonly { readonly channel: string; readonly notice: Notice }[];
  /** When each service was restarted last for its memory or its health. */
  readonly restartedMs: Readonly<Record<string, number>>;
  /** A restart by schedule that had to wait, and since when. */
  readonly dueMs?: number;
}

const EMPTY: CareMemory = { version: 1, told: {}, failing: {}, restartedMs: {} };

const read = (path: string): Partial<CareMemory> => {
  try {
    return JSON.parse(readIfThere(path) ?? "{}");
  } catch {
    return {};
  }
};

export function readMemory(folder: string): CareMemory {
  const found = read(join(folder, "memory.json"));
  return found.version === 1 ? { ...EMPTY, ...found } : EMPTY;
}

export const writeMemory = (folder: string, memory: CareMemory): void =>
  writeOne(join(folder, "memory.json"), `${JSON.stringify(memory)}\n`, 0o600);

const KEPT = 20;

/** The newest first. */
export function readReports(folder: string): readonly RestartReport[] {
  try {
    const found: unknown = JSON.parse(readIfThere(join(folder, "restarts.json")) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

export const addReport = (folder: string, report: RestartReport): void =>
  writeOne(
    join(folder, "restarts.json"),
    `${JSON.stringify([report, ...readReports(folder)].slice(0, KEPT), null, 1)}\n`,
    0o600,
  );
