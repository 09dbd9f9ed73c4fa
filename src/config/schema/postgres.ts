import * as z from "zod/mini";
import { described, strictObject } from "./primitives.ts";

const SIZE = /^([1-9]\d{0,6})(kB|MB|GB)$/;
const KIB = { kB: 1, MB: 1024, GB: 1024 * 1024 } as const;

/** `128MB`, as Postgres writes sizes, in MiB. */
export const postgresMebibytes = (size: string): number => {
  const [, number = "0", unit = "kB"] = SIZE.exec(size) ?? [];
  return (Number(number) * KIB[unit as keyof typeof KIB]) / 1024;
};

const size = z.optional(z.string().check(z.regex(SIZE, { error: "must be a size such as 64kB, 128MB or 1GB" })));

/** By Postgres's own names; what `size` advises. */
export const postgres = strictObject(() => ({
  shared_buffers: described(size, "Its own cache; a quarter of `limits.database.memory`."),
  effective_cache_size: described(size, "What it may expect to be cached, by itself and the host."),
  work_mem: described(size, "For one sort or join."),
  maintenance_work_mem: described(size, "For vacuum and new indices."),
  max_wal_size: described(size, "Of the write-ahead log between two checkpoints; on the disk."),
  max_connections: described(
    z.optional(z.int().check(z.minimum(20), z.maximum(10_000))),
    "Of web, worker and tools together.",
  ),
}));
