import * as z from "zod/mini";
import { DEFAULT_POSTGRES_IMAGE } from "./defaults.ts";
import { described } from "./schema/primitives.ts";
import { memoryMebibytes } from "./schema/production.ts";
import type { Declaration } from "./schema.ts";
import type { DeclarationProblem } from "./server.ts";

const DEFAULT_VOLUME = "glitchtip-db";
/** `mem_limit` in templates/compose/glitchtip-db.yaml. */
const DEFAULT_MEMORY = "512m";
export const postgresImage = ({ postgres }: Declaration["server"]): string => postgres?.image ?? DEFAULT_POSTGRES_IMAGE;
export const postgresVolume = ({ postgres }: Declaration["server"]): string => postgres?.volume ?? DEFAULT_VOLUME;

/** Returns the major that an image's tag names, or undefined where the tag does not tell. */
export function postgresMajor(image: string): number | undefined {
  const name = image.replace(/@.*$/, "");
  const [, major] = /^(\d{1,2})(?:[.-]|$)/.exec(name.slice(name.lastIndexOf("/") + 1).split(":")[1] ?? "") ?? [];
  return major === undefined ? undefined : Number(major);
}

const DEFAULT_MAJOR = postgresMajor(DEFAULT_POSTGRES_IMAGE);

/**
 * Returns PGDATA below the mount of the stack's volume. It is always stated: images below 18 keep their data in an
 * anonymous volume, which `down` forgets, and GLITCHTIP_POSTGRES_IMAGE may name any image. For 18 and later it is the
 * image's own default.
 */
export const dataFolder = (image: string): string =>
  `/var/lib/postgresql/${postgresMajor(image) ?? DEFAULT_MAJOR}/docker`;

const SIZE = /^([1-9]\d{0,6})(kB|MB|GB)$/;
const UNIT_KIB: Readonly<Record<string, number>> = { kB: 1, MB: 1024, GB: 1024 * 1024 };

/** Returns a size in Postgres's notation, such as `128MB`, in MiB. */
export const postgresMebibytes = (size: string): number => {
  const [, number = "0", unit = "kB"] = SIZE.exec(size) ?? [];
  return (Number(number) * (UNIT_KIB[unit] ?? 1)) / 1024;
};

const sizeSchema = z.optional(z.string().check(z.regex(SIZE, { error: "must be a size such as 64kB, 128MB or 1GB" })));

/** Settings by Postgres's own names; `size` advises them. */
export const postgresSchema = z.strictObject({
  shared_buffers: described(sizeSchema, "Its own cache; a quarter of `limits.database.memory`."),
  effective_cache_size: described(sizeSchema, "How much Postgres may assume to be cached, by itself and by the host."),
  work_mem: described(sizeSchema, "For one sort or join."),
  maintenance_work_mem: described(sizeSchema, "For vacuum and new indices."),
  max_wal_size: described(sizeSchema, "How large the write-ahead log may grow between two checkpoints, on disk."),
  max_connections: described(
    z.optional(z.int().check(z.minimum(20), z.maximum(10_000))),
    "The connections of web, worker and tools together.",
  ),
});

/** Returns the problems of the Postgres settings that other parts of the declaration cause. */
export function postgresChecks({ postgres, server, limits }: Declaration): DeclarationProblem[] {
  if (postgres === undefined) return [];
  if (server.database !== "bundled") {
    return [
      {
        path: ["postgres"],
        what: "is for the Postgres of this stack, and server.database is one of yours",
        atKey: true,
      },
    ];
  }
  const memory = limits?.database?.memory ?? DEFAULT_MEMORY;
  const { shared_buffers: buffers } = postgres;
  if (buffers === undefined || postgresMebibytes(buffers) * 2 <= memoryMebibytes(memory)) return [];
  const what = `${buffers} is more than half of limits.database.memory (${memory}): Postgres would be killed`;
  return [{ path: ["postgres", "shared_buffers"], what }];
}
