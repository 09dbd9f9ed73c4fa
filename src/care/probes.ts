import type { BackupState } from "../backup/index.ts";
import type { ServedCertificate } from "../checks/index.ts";
import type { WrittenStatus } from "../outputs/dsn-volume.ts";
import type { WaitingJobs } from "../running/index.ts";
import type { PartitionedTable } from "./partitions.ts";
import type { SupervisedState } from "./supervised.ts";

/** What Postgres says of itself and of what is in it. */
export interface DatabaseLook {
  readonly connections: number;
  /** What must not be disturbed: a dump, a restore, a migration. */
  readonly busy?: string;
  /** Undefined where jobs are not kept in the database. */
  readonly jobs?: WaitingJobs;
  readonly partitions: readonly PartitionedTable[];
}

export interface Disk {
  readonly path: string;
  readonly usedPercent: number;
  readonly freeBytes: number;
}

/** What the care service can ask; each throws where there is no good answer. */
export interface Probes {
  database(): Promise<DatabaseLook>;
  /** Jobs that wait there, where it is the broker; not called where there is no Valkey. */
  valkey(): Promise<{ readonly waiting?: number }>;
  web(): Promise<void>;
  certificate(): Promise<ServedCertificate | undefined>;
  disks(): Promise<readonly Disk[]>;
  provisioner(): WrittenStatus | undefined;
  backups(): BackupState | undefined;
  service(name: string): SupervisedState | undefined;
  /** Nobody migrates and nobody else restarts meanwhile; undefined where somebody does so now. */
  alone<T>(act: () => Promise<T>): Promise<T | undefined>;
}
