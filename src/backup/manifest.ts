import * as z from "zod/mini";
import { isContainedPath } from "../base/contained-path.ts";
import { counted } from "../base/counted.ts";
import { CodedError } from "../base/errors.ts";

/** Files of a backup. */
export const BACKUP_MANIFEST = "manifest.json";
export const DUMP_FILE = "database.dump";
export const UPLOADS_ARCHIVE = "uploads.tar";
export const STATE_FILE = "state.json";
export const ENCRYPTED_FILES = "secrets.age";
/** Folder for files of the workspace, which keep their own paths below it. */
export const WORKSPACE_FOLDER = "project";

/** Version of the format. A reader refuses any other. */
const FORMAT = 1;
const PRODUCT = "glitchtip-compose";

export const REASONS = ["manual", "scheduled", "before restore", "before upgrade"] as const;
export type BackupReason = (typeof REASONS)[number];

/** Returns true for a backup that an operation made of what it was about to replace. */
export const isSafetyCopy = (reason: BackupReason): boolean => reason.startsWith("before ");

const table = z.object({
  rows: z.number(),
  /** Checksum of the text of all rows, independent of their order; missing for a large table. */
  sum: z.optional(z.string()),
});

/** A relative path that does not leave its folder: a manifest may come from elsewhere. */
export const safePath = z.string().check(z.refine(isContainedPath, { error: "leaves the backup" }));

const file = z.object({
  path: safePath,
  bytes: z.int().check(z.minimum(0)),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});

const manifestShape = z.object({
  format: z.literal(FORMAT),
  product: z.literal(PRODUCT),
  name: z.string(),
  createdAt: z.string(),
  reason: z.enum(REASONS),
  /** Name of the Compose project. */
  project: z.string(),
  /** Version of glitchtip-compose. */
  tool: z.string(),
  glitchtip: z.object({ generation: z.string(), image: z.string() }),
  postgres: z.object({ version: z.string(), major: z.number() }),
  database: z.object({
    /** Postgres's identifier of the cluster; missing where the user may not read it. */
    systemId: z.optional(z.string()),
    /** Size on disk, before compression. */
    bytes: z.number(),
    tables: z.record(z.string(), table),
  }),
  secrets: z.enum(["none", "passphrase", "recipients"]),
  verified: z.enum(["trial restore", "no"]),
  files: z.array(file),
  /** What the server kept in a bucket; missing where it kept nothing there. */
  elsewhere: z.optional(z.array(z.string())),
});

/** The description that lies in each backup. It holds no secret. */
export type BackupManifest = z.infer<typeof manifestShape>;
export type BackupFile = BackupManifest["files"][number];
export type TableFacts = BackupManifest["database"]["tables"];

export const newManifest = (rest: Omit<BackupManifest, "format" | "product">): BackupManifest => ({
  format: FORMAT,
  product: PRODUCT,
  ...rest,
});

/** Throws GC1803 for a manifest that is damaged, of another program, or of another format. */
export function parseManifest(text: string, where: string): BackupManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CodedError("GC1803", `${where} is damaged: its ${BACKUP_MANIFEST} is no JSON`, {
      remedy: TAKE_ANOTHER,
      cause,
    });
  }
  const { format, product } = (value ?? {}) as Record<string, unknown>;
  if (product !== PRODUCT) {
    const whose = typeof product === "string" ? `of ${product}` : "of another program";
    throw new CodedError("GC1803", `${where} is a backup ${whose}, not of ${PRODUCT}`, { remedy: TAKE_ANOTHER });
  }
  if (format !== FORMAT) {
    throw new CodedError("GC1803", `${where} has format ${String(format)}; this version reads ${FORMAT}`, {
      remedy: "Restore it with the version of glitchtip-compose that created it, or a newer one.",
    });
  }
  const parsed = z.safeParse(manifestShape, value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new CodedError("GC1803", `${where} is damaged: its ${BACKUP_MANIFEST} cannot be used`, {
    problems,
    remedy: TAKE_ANOTHER,
  });
}

const TAKE_ANOTHER = "Take another one: npx glitchtip-compose backup list";

/** Returns a line for each table that differs in its rows, or in its checksum where both sides have one. */
export function tableDifferences(expected: TableFacts, found: TableFacts): string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  return names.flatMap((name) => {
    const [before, after] = [expected[name], found[name]];
    if (before === undefined) return [`${name}: is new`];
    if (after === undefined) return [`${name}: is missing (${counted(before.rows, "row")})`];
    if (before.rows !== after.rows)
      return [`${name}: ${counted(before.rows, "row")} in the backup, ${after.rows} restored`];
    const both = before.sum !== undefined && after.sum !== undefined;
    return both && before.sum !== after.sum ? [`${name}: ${counted(before.rows, "row")} with other content`] : [];
  });
}

/** A backup is named after its time in UTC, so that sorted names are sorted by time. */
const NAME = /^glitchtip-(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})Z$/;

/** Suffix of the name of a backup that is not complete yet. */
export const PARTIAL = ".partial";

export const backupNameAt = (ms: number): string =>
  `glitchtip-${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")}Z`;

/** Returns the time in epoch milliseconds, or undefined for a name that is not a backup's. */
export function timeOfBackup(name: string): number | undefined {
  const [, year, month, day, hour, minute, second] = NAME.exec(name) ?? [];
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) || backupNameAt(ms) !== name ? undefined : ms;
}

/** Returns true for the name of a folder that a killed run has left. */
export const isPartial = (entry: string): boolean =>
  entry.endsWith(PARTIAL) && timeOfBackup(entry.slice(0, -PARTIAL.length)) !== undefined;
