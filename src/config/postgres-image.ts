import type { Declaration } from "./schema.ts";

export const DEFAULT_POSTGRES = "postgres:18";
const DEFAULT_VOLUME = "glitchtip-db";

/** Of the stack's own Postgres. */
export const postgresImage = ({ postgres }: Declaration["server"]): string => postgres?.image ?? DEFAULT_POSTGRES;
export const postgresVolume = ({ postgres }: Declaration["server"]): string => postgres?.volume ?? DEFAULT_VOLUME;

/** From the tag; undefined where it does not tell. */
export function postgresMajor(image: string): number | undefined {
  const name = image.replace(/@.*$/, "");
  const [, major] = /^(\d{1,2})(?:[.-]|$)/.exec(name.slice(name.lastIndexOf("/") + 1).split(":")[1] ?? "") ?? [];
  return major === undefined ? undefined : Number(major);
}

/**
 * Up to 17 the images keep their data elsewhere than where our volume is mounted, in a volume without a name, which
 * `down` forgets: there the folder is stated, as 18 has it by itself.
 */
export function dataFolder(image: string): string | undefined {
  const major = postgresMajor(image);
  return major !== undefined && major < 18 ? `/var/lib/postgresql/${major}/docker` : undefined;
}
