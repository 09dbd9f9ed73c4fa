import type { BackupState } from "../backup/index.ts";
import type { ServedCertificate } from "../checks/index.ts";
import type { WrittenStatus } from "../outputs/dsn-volume.ts";
import type { WaitingJobs } from "../running/index.ts";
import type { PartitionedTable } from "./database-findings.ts";
import type { SupervisedState } from "./supervised.ts";

/** What the database tells. */
export interface DatabaseLook {
  readonly connections: number;
  /** What must not be disturbed: a backup or a restore. */
  readonly busy?: string;
  /** Missing where jobs are not kept in the database. */
  readonly jobs?: WaitingJobs;
  readonly partitions: readonly PartitionedTable[];
  /** When Postgres was started. */
  readonly startedMs?: number;
}

export interface Disk {
  readonly path: string;
  readonly usedPercent: number;
  readonly freeBytes: number;
}

/** What the care service can ask. Each call throws where it gets no valid answer. */
export interface Probes {
  database(): Promise<DatabaseLook>;
  /** Returns the number of waiting jobs where Valkey is the broker. Not called where there is no Valkey. */
  valkey(): Promise<{ readonly waiting?: number }>;
  web(): Promise<void>;
  certificate(): Promise<ServedCertificate | undefined>;
  disks(): Promise<readonly Disk[]>;
  provisioner(): WrittenStatus | undefined;
  backups(): BackupState | undefined;
  service(name: string): SupervisedState | undefined;
  /** Runs `act` while no migration and no other restart can begin. Returns undefined where one is running. */
  alone<T>(act: () => Promise<T>): Promise<T | undefined>;
}
