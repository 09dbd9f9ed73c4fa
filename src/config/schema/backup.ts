import { posix } from "node:path";
import * as z from "zod/mini";
import { atMost } from "../number-pattern.ts";
import { described, httpUrl, inJsonSchema, secretReferenceSchema } from "./primitives.ts";

/** The highest values of minute, hour, day, month and weekday. */
const CRON_HIGHEST = [59, 23, 31, 12, 7] as const;

const cronField = (highest: number): string => {
  const number = `(?:${atMost(highest)})`;
  const part = `(?:\\*|${number}(?:-${number})?)(?:/(?!0)${number})?`;
  return `${part}(?:,${part})*`;
};

const SCHEDULE = new RegExp(`^(?:(?:[01]?\\d|2[0-3]):[0-5]\\d|${CRON_HIGHEST.map(cronField).join(" ")})$`);

/** Returns five fields of cron for a schedule, which may be a time such as 03:15. */
export const cronOf = (schedule: string): string => {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(schedule) ?? [];
  return hour === undefined ? schedule : `${Number(minute)} ${Number(hour)} * * *`;
};

export const scheduleSchema = z
  .string()
  .check(z.regex(SCHEDULE, { error: "must be a time such as 03:15, or five fields of cron" }));

const s3Schema = z.strictObject({
  endpoint: described(httpUrl, "Address of the S3-compatible server, without the bucket."),
  bucket: described(z.string().check(z.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)), "The bucket, which must exist."),
  prefix: described(
    z._default(z.string().check(z.regex(/^([\w.-]+\/)*$/)), ""),
    "A prefix of each object's name, such as shop/.",
  ),
  region: described(z._default(z.string(), "us-east-1"), "The region, as the server expects it in signatures."),
  accessKey: described(secretReferenceSchema, "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD."),
  secretKey: described(secretReferenceSchema, "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD."),
});

/** Folders of the system. Everything below them is the system's, too. */
const SYSTEM_FOLDERS = ["bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "run", "sbin", "sys", "usr"];
/** Folders in which others have theirs; a folder of one's own below them is fine. */
const SHARED_FOLDERS = ["home", "root", "var", "var/lib", "var/log", "opt", "srv", "mnt", "media", "tmp", "var/tmp"];

/**
 * Returns why a folder is no place for backups, or undefined. The backup service writes there as root and gives every file
 * in it to the folder's owner.
 */
export function backupFolderProblem(folder: string): string | undefined {
  const path = posix.normalize(folder).replace(/\/+$/, "") || "/";
  const [, first = ""] = path.split("/");
  if (path === "/" || (path.startsWith("/") && SYSTEM_FOLDERS.includes(first))) return "is a folder of the system";
  if (path.startsWith("/") && SHARED_FOLDERS.includes(path.slice(1))) return "has folders of others in it";
  if (/^(\.|\.\.(\/\.\.)*)$/.test(path)) return "holds this workspace's own files";
  return undefined;
}

/** States the rule of `backupFolderProblem` as a pattern, but for paths that lead back by `..`. */
const SLASH = "/+(?:\\./+)*";
const OTHERS_FOLDER = [
  `${SLASH}\\.?$`,
  `${SLASH}(?:${SYSTEM_FOLDERS.join("|")})(?:/|$)`,
  `${SLASH}(?:${SHARED_FOLDERS.map((folder) => folder.replace("/", SLASH)).join("|")})(?:/+\\.)*/*$`,
  "(?:\\./+)*(?:\\.|\\.\\.(?:/+\\.{1,2})*)/*$",
]
  .map((form) => `(?:${form})`)
  .join("|");

const folderSchema = z.string().check(
  z.minLength(1),
  z.refine((folder) => backupFolderProblem(folder) === undefined, {
    error: ({ input }) =>
      `is no place for backups: ${input} ${backupFolderProblem(String(input))}, and the backup service writes there as root`,
  }),
  inJsonSchema({ pattern: `^(?!${OTHERS_FOLDER}).` }),
);

export const backupSchema = z.strictObject({
  folder: described(
    z.optional(folderSchema),
    "Where backups are kept, from the project's folder. Default: a folder of the user's outside of it.",
  ),
  schedule: described(
    z.optional(scheduleSchema),
    "When the stack creates a backup by itself, in UTC: 03:15, or five fields of cron. Default: never.",
  ),
  keep: described(
    z.optional(
      z.string().check(
        z.regex(
          /^(last|hourly|daily|weekly|monthly|yearly)=\d{1,5}(,(last|hourly|daily|weekly|monthly|yearly)=\d{1,5})*$/,
          {
            error: "must be such as daily=7,weekly=4",
          },
        ),
      ),
    ),
    "Which old backups stay: daily=7,weekly=4. Default: all.",
  ),
  verify: described(z._default(z.boolean(), true), "Whether each backup is proved by a trial restore."),
  target: described(
    z.optional(z.strictObject({ s3: described(s3Schema, "An S3-compatible server.") })),
    "Where each backup is copied to as well.",
  ),
});
